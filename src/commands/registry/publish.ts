import { parseTreeSettings, treeSettingsPath } from "../../config/tree-settings.ts";
import { placeOf } from "../../entity/entity-path.ts";
import type { Kind } from "../../entity/kind.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import type { RegistryTip } from "../../git/registry.ts";
import { resolveRemote } from "../../git/remote.ts";
import { showFiles } from "../../git/show-file.ts";
import type { WantedContent } from "../../transfer/push-content.ts";
import type { Context } from "../command.ts";
import { loadSettings } from "../load-settings.ts";
import { publishedVersions, type VersionTree, versionTrees } from "../published.ts";
import { Session } from "../session.ts";
import { foreignStores } from "../sharing/foreign-stores.ts";
import { treeFiles } from "../tracked-files.ts";
import { sendTo, upload } from "../upload.ts";
import { publishVersion } from "./publish-version.ts";

export interface PublishReport {
  readonly registry: string;
  /** Tags, the oldest first. */
  readonly published: readonly string[];
  /** Versions that it had already. */
  readonly present: number;
}

interface Wish {
  readonly kind: Kind;
  readonly name: string;
  readonly remote: string;
}

/**
 * Publishes the versions of an entity in the history of HEAD in the registry of its kind, as far as it has them not: their data first.
 * @throws MlgitError kind `setup` when there is no version, `conflict` for a number or name that is somebody else's.
 */
export async function publishEntity(context: Context, { kind, name, remote }: Wish): Promise<PublishReport> {
  const session = await Session.open(context);
  try {
    const { repository } = session;
    const versions: VersionTree[] = [];
    for await (const one of versionTrees(
      repository,
      placeOf(kind, name),
      await publishedVersions(repository, ["HEAD"]),
    ))
      versions.unshift(one);
    if (versions.length === 0)
      throw new MlgitError("setup", `${name} has no version in the history of this branch`, {
        hint: `git mlgit ${kind.folder} commit ${name}`,
      });
    const published: string[] = [];
    for (const version of versions) {
      const send = (tip: RegistryTip) => sendData({ session, context, remote }, version, tip);
      if (await publishVersion({ repository, remote, version, send })) published.push(version.version.tag);
    }
    return { registry: remote, published, present: versions.length - published.length };
  } finally {
    await session.close();
  }
}

/** To the store that the other repository itself names, so that its readers find it; until it names one, to ours. */
export async function sendData(
  job: {
    readonly session: Session;
    readonly context: Context;
    readonly remote: string;
    /** Places that the user allows by this very command. */
    readonly allowed?: readonly string[];
  },
  version: VersionTree,
  tip: RegistryTip,
): Promise<void> {
  const { session, remote, allowed = [] } = job;
  const { repository, git } = session;
  const wanted = new Map<string, WantedContent>();
  for (const { oid, size, path } of await treeFiles(repository, version.tree))
    if (size > 0) wanted.set(oid, { oid, size, path: `${version.place.folder}/${path.toString("utf8")}` });
  const [config] = tip.commit === undefined ? [] : await showFiles(repository, tip.commit, [treeSettingsPath]);
  if (
    !config ||
    git.get(`remote.${remote}.mlgitstore`) !== undefined ||
    (await areOurs(session, config.toString("utf8")))
  ) {
    await upload(wanted, { ...job, tips: [version.version.commit] });
    return;
  }
  const { pushUrl } = await resolveRemote(repository, git, remote);
  const [store] = await foreignStores(session, { url: pushUrl, remote, config: config.toString("utf8"), allowed });
  if (store) await sendTo(store, [...wanted.values()], job);
}

/** Whether a registry names no store but ours: then each entity's own store counts, too. */
async function areOurs(session: Session, config: string): Promise<boolean> {
  const [{ settings }, theirs] = await Promise.all([loadSettings(session.repository), parseTreeSettings(config)]);
  const ours = new Set([...settings.stores.values()].map(({ url }) => url));
  return Object.values(theirs.stores ?? {}).every(({ url }) => ours.has(url));
}
