import { setTimeout as sleep } from "node:timers/promises";
import { treeSettingsPath } from "../../config/tree-settings.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import {
  currentBranch,
  fetchRegistry,
  pushGraft,
  type RegistryTip,
  registryTip,
  writeGraft,
} from "../../git/registry.ts";
import type { Repository } from "../../git/repository.ts";
import { type FolderEntry, readFolder, withFile, withFolder } from "../../git/switch-tree.ts";
import { resolveObjects } from "../../git/tags.ts";
import type { VersionTree } from "../published.ts";
import { assertPublishable, isPublished, registryVersions } from "./clash.ts";

export interface Publication {
  readonly repository: Repository;
  /** git's name of the registry. */
  readonly remote: string;
  readonly version: VersionTree;
  /** Makes sure that the registry's store has the data. Called once, before any ref moves. */
  send(tip: RegistryTip): Promise<void>;
}

/** Each lost race means that somebody else won one, so this many are only lost where something is wrong. */
const mostRounds = 40;
/** Pushes that failed although nothing had changed: a lock that was held for an instant looks so. */
const mostFailures = 4;

/**
 * Publishes a version: grafts the entity's tree, the same object, on the registry's branch and tags that commit. A lost race is fetched, grafted again and
 * retried. False when the registry has this very version already.
 * @throws MlgitError kind `conflict` when the number or the name is somebody else's there; nothing was published then.
 */
export async function publishVersion(publication: Publication): Promise<boolean> {
  const { repository, remote, version } = publication;
  const preset = (await currentBranch(repository)) ?? "main";
  let sent = false;
  let failures = 0;
  let before: string | undefined;
  for (let round = 1; ; round++) {
    await fetchRegistry(repository, remote);
    const published = await registryVersions(repository, remote, version.place);
    if (isPublished(publication, published)) return false;
    await assertPublishable(repository, publication, published);
    const tip = await registryTip(repository, remote, preset);
    if (!sent) await publication.send(tip);
    sent = true;
    failures = round > 1 && tip.commit === before ? failures + 1 : 0;
    before = tip.commit;
    const said = await graft(publication, tip);
    if (said === undefined) return true;
    if (round >= mostRounds || failures >= mostFailures) throw refusedPush(remote, said);
    await sleep(Math.random() * 50 * Math.min(round, 10));
  }
}

async function graft({ repository, remote, version }: Publication, tip: RegistryTip): Promise<string | undefined> {
  const { place, version: own, tree } = version;
  const entries = await readFolder(repository, tree);
  const grafted = await withFolder(repository, tip.tree, { folder: place.folder, entries });
  const message = `${own.tag}\n\nMlgit-Source: ${own.commit}`;
  const what = { tip, tag: own.tag, message, tree: await withSettings(repository, tip, grafted) };
  return pushGraft(repository, remote, what, await writeGraft(repository, what));
}

/** Whoever clones the registry alone has to find the data: until it has settings of its own, it gets ours as they are committed. */
async function withSettings(repository: Repository, tip: RegistryTip, tree: string): Promise<string> {
  const [theirs, ours] = await resolveObjects(repository, [
    `${tip.tree}:${treeSettingsPath}`,
    `HEAD:${treeSettingsPath}`,
  ]);
  if (theirs !== undefined || ours === undefined) return tree;
  const entry: FolderEntry = { mode: "100644", blob: ours };
  return withFile(repository, tree, { path: treeSettingsPath, entry });
}

function refusedPush(remote: string, said: string): MlgitError {
  return new MlgitError("conflict", `the registry ${remote} does not take the version: ${said}`, {
    hint: "its data is in the store already; mend what git names and push again",
  });
}
