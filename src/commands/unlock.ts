import type { EntityPlace } from "../entity/entity-path.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { blobOid } from "../git/blob-pack.ts";
import { type StampEntry, stampIndex } from "../git/index-stamp.ts";
import { quotePath } from "../git/quote-path.ts";
import { listRefs } from "../git/ref-update.ts";
import { resolveObjects } from "../git/tags.ts";
import { PlaceBatch } from "../hydrate/place-batch.ts";
import { unlockFile } from "../hydrate/unlock-file.ts";
import { formatPointer } from "../pointer/pointer.ts";
import { counted } from "../util/counted.ts";
import type { Command } from "./command.ts";
import { indexSpecs } from "./entity-specs.ts";
import { type GovernedFile, governedFiles } from "./governed-files.ts";
import type { Worktree } from "./kind/find-entity.ts";
import { type PublishedVersion, publishedVersions, versionTrees } from "./published.ts";
import { UnlockRecord } from "./unlock-record.ts";

/** Lets published files of flexible entities be changed, here and for the bytes they have now. */
export const command = {
  arguments: [{ name: "<paths...>", description: "files or folders of a flexible entity" }],
  async run(context, paths) {
    const { repository, files } = await governedFiles(context, paths);
    refuseStrict(files);
    await record(
      repository,
      files.filter(({ mutability }) => mutability === "flexible"),
    );
    const batch = new PlaceBatch(repository.workTree, repository.gitDir);
    const stamps: StampEntry[] = [];
    const done: string[] = [];
    for (const file of files) {
      const mode = file.mode === "100755" ? 0o755 : 0o644;
      const result = unlockFile({ batch, path: file.path, mode });
      if (!result.placed) {
        // A file that was removed may come back with other bytes: that is all an unlock of it can mean.
        if (result.reason !== "missing") context.warn(`${quotePath(file.path)} stays as it is: ${result.reason}`);
        continue;
      }
      done.push(quotePath(file.path));
      const blob = blobOid(repository, formatPointer({ oid: result.oid, size: Number(result.stat.size) }));
      if (blob === file.blob) stamps.push({ path: file.path, blob, stat: result.stat });
    }
    await stampIndex(repository, stamps, { links: batch.takeLinks() });
    return { text: `${counted(done.length, "file")} can be changed until the next version`, data: { unlocked: done } };
  },
} satisfies Command;

function refuseStrict(files: readonly GovernedFile[]): void {
  const strict = files.find(({ mutability }) => mutability === "strict");
  if (!strict) return;
  const path = quotePath(strict.path);
  throw new MlgitError("refused", `${path} belongs to a strict entity: its published bytes never change`, {
    path,
    hint: "put the new bytes under a new name; to loosen the whole entity: git mlgit <kind> config <name> mutability flexible",
  });
}

/**
 * For the bytes of the last version in HEAD's history; what is staged may be the change already, and is not unlocked with them. And for those of the last
 * version that a remote has: somebody else may have made the change, whose commits a push from here has to let through.
 */
async function record(repository: Worktree, files: readonly GovernedFile[]): Promise<void> {
  const specs = await indexSpecs(repository);
  const here = await publishedVersions(repository, ["HEAD"]).catch(() => []);
  const versions = [here, await sharedVersions(repository)];
  const commits = new Map<string, readonly (string | undefined)[]>();
  const questions: { readonly file: GovernedFile; readonly isLast: boolean; readonly name: string }[] = [];
  for (const file of files) {
    const path = file.path.toString("latin1");
    const place = specs.find((one) => path.startsWith(`${Buffer.from(one.place.folder).toString("latin1")}/`))?.place;
    const name = file.path.toString("utf8");
    if (!place || /\n/.test(name)) continue;
    const last = commits.get(place.spec) ?? (await lastCommits(repository, place, versions));
    commits.set(place.spec, last);
    for (const [i, commit] of last.entries())
      if (commit !== undefined) questions.push({ file, isLast: i === 0, name: `${commit}:${name}` });
  }
  const blobs = await resolveObjects(
    repository,
    questions.map(({ name }) => name),
  );
  const unlocked = new UnlockRecord(repository);
  const found = new Map(files.map((file) => [file, { last: file.blob, others: new Set<string>() }]));
  for (const [i, { file, isLast }] of questions.entries()) {
    const blob = blobs[i];
    const one = found.get(file);
    if (blob === undefined || !one) continue;
    if (isLast) one.last = blob;
    else one.others.add(blob);
  }
  for (const [file, { last, others }] of found) unlocked.unlock(file.path.toString("latin1"), [last, ...others]);
}

/** More remote-tracking branches than that are not looked at. */
const mostBranches = 100;

async function sharedVersions(repository: Worktree): Promise<readonly PublishedVersion[]> {
  const tips = (await listRefs(repository, ["refs/remotes"])).filter(({ type }) => type === "commit");
  return publishedVersions(repository, [...new Set(tips.map(({ oid }) => oid))].slice(0, mostBranches));
}

/** Of each list of versions the commit of the entity's last one. */
async function lastCommits(
  repository: Worktree,
  place: EntityPlace,
  lists: readonly (readonly PublishedVersion[])[],
): Promise<(string | undefined)[]> {
  const commits: (string | undefined)[] = [];
  for (const versions of lists) {
    const { value } = await versionTrees(repository, place, versions).next();
    commits.push(value?.version.commit);
  }
  return commits;
}
