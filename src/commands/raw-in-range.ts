import type { BlobSet } from "../git/blob-set.ts";
import { type Change, eachTreeChanges, emptyTree } from "../git/changes.ts";
import { quotePath } from "../git/quote-path.ts";
import { type CommitRange, independentTips, newBlobs, rangeStart } from "../git/range.ts";
import type { Repository } from "../git/repository.ts";
import { trackedInTree } from "../git/tree-attributes.ts";
import { inBatches, type TreeFile } from "../git/tree-scan.ts";
import { type Breach, refuseBreaches } from "./breach.ts";
import { loadGitSettings } from "./git-settings-in.ts";
import { rawAmong } from "./raw-files.ts";

/**
 * Tracked files that a range of commits brings with their bytes, as a `git add` without the filter does: at its ends, by the attributes there. What
 * was in git before is left alone, and files that did not change cost nothing. `pointers`: blobs that are known to be some.
 */
export async function rawInRange(
  repository: Repository,
  { include, exclude }: CommitRange,
  pointers?: Pick<BlobSet, "has">,
): Promise<Breach[]> {
  const found = new Map<string, Breach>();
  for (const tip of await independentTips(repository, include)) {
    const range = { include: [tip], exclude };
    const raw: TreeFile[] = [];
    const start = await rangeStart(repository, range);
    if (!start) continue;
    const from = start.commit ?? (await emptyTree(repository));
    for await (const files of inBatches(changedFiles(repository, [from, tip], pointers), 4096)) {
      const paths = files.map(({ path }) => path);
      const isTracked = await trackedInTree(repository, tip, paths);
      const tracked = files.filter((_, i) => isTracked[i]);
      raw.push(...(await rawAmong(repository, tracked)));
    }
    // One that was renamed, or came back, was in git before.
    const fresh = raw.length > 0 ? await newBlobs(repository, range) : new Set();
    for (const { path, blob } of raw)
      if (fresh.has(blob)) found.set(quotePath(path), found.get(quotePath(path)) ?? rawBreach(quotePath(path), tip));
  }
  return [...found.values()];
}

/** The same for a push. `git -c mlgit.allowRaw=true push` says that it is meant. @throws MlgitError kind `refused`. */
export async function refuseRaw(
  repository: Repository,
  range: CommitRange,
  pointers?: Pick<BlobSet, "has">,
): Promise<void> {
  const found = await rawInRange(repository, range, pointers);
  if (found.length === 0 || (await loadGitSettings(repository)).flag("mlgit.allowraw")) return;
  // Who pushes has read them to send their data; a server has not.
  const way =
    pointers === undefined
      ? "the server takes them as they are where `git config mlgit.allowRaw true` is set in its repository"
      : "to send them as they are: git -c mlgit.allowRaw=true push";
  refuseBreaches(
    found.map((one) => ({ ...one, hint: `${one.hint}; ${way}` })),
    "this push would bring tracked files with their bytes",
  );
}

async function* changedFiles(
  repository: Repository,
  [from, to]: readonly [string, string],
  pointers: Pick<BlobSet, "has"> | undefined,
): AsyncGenerator<TreeFile> {
  const isFile = ({ status, newMode }: Change) => status !== "D" && newMode.startsWith("100");
  for await (const changes of eachTreeChanges(repository, from, to))
    for (const change of changes)
      if (isFile(change) && !pointers?.has(change.newBlob))
        yield { path: change.path, mode: change.newMode, blob: change.newBlob, stage: 0 };
}

function rawBreach(path: string, commit: string): Breach {
  return {
    rule: "raw",
    path,
    line: 0,
    commit,
    message: `${path}: its bytes are in git, and not a pointer`,
    hint: "it was added without mlgit's filter: git mlgit install, then git add --renormalize <path>, and commit",
  };
}
