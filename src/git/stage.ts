import type { Sized } from "./blob-pack.ts";
import { userPathspecModes } from "./environment.ts";
import { splitNul } from "./nul-list.ts";
import { startGit } from "./process.ts";
import { gitIn, type Repository } from "./repository.ts";
import { streamGit } from "./run.ts";

/** A path that `git add` of some pathspecs would look at. */
export interface ChangedPath {
  /** Raw bytes, relative to the top. */
  readonly path: Buffer;
  /** New, and not ignored; else in the index, and different on disk: modified, unmerged, deleted. */
  readonly fresh: boolean;
}

/** What `git add` of some pathspecs would look at: first what is new, then what git knows, each in the order of the index. */
export async function* listChanged(pathspecs: readonly string[], cwd: string): AsyncGenerator<ChangedPath> {
  const which = ["--modified", "--others", "--exclude-standard"];
  const git = startGit(["ls-files", "-z", "-t", "--full-name", ...which, "--", ...pathspecs], {
    cwd,
    env: userPathspecModes(),
  });
  let last: Buffer | undefined;
  try {
    for await (const line of splitNul(git.stdout)) {
      const path = Buffer.from(line.subarray(2));
      const fresh = line[0] === newTag;
      // A path with several stages comes once for each.
      if (fresh || !last?.equals(path)) yield { path, fresh };
      if (!fresh) last = path;
    }
    await git.done;
  } finally {
    git.stop();
  }
}

const newTag = "?".charCodeAt(0);
const nul = Buffer.of(0);
const linesAtOnce = 1024;

/**
 * Lets git judge pathspecs as `git add` does, without reading a file. Returns its complaint when some paths are refused (ignored,
 * outside of a sparse checkout) and the others are to be added all the same.
 * @throws MlgitError kind `incomplete` for a pathspec that matches nothing or lies beyond a symlink.
 */
export async function checkPathspecs(pathspecs: readonly string[], cwd: string): Promise<string | undefined> {
  // With -N git hashes nothing, with -n it changes nothing.
  const args = ["add", "-n", "-N", "--", ...pathspecs];
  // It names every file that it would add.
  const { code, stderr } = await streamGit(args, { cwd, okCodes: [0, 1], env: userPathspecModes() }, () => {});
  return code === 0 ? undefined : stderr.trim();
}

export interface IndexEntry {
  readonly path: Buffer;
  /** `100644` or `100755`. */
  readonly mode: string;
  readonly blob: string;
}

/** Puts entries into the index by one process, in place of whatever is in their way. git then knows nothing of the files' state; stampIndex tells it. */
export async function stageEntries(repository: Repository, entries: Sized<IndexEntry>): Promise<void> {
  if (entries.length === 0) return;
  await gitIn(repository, ["update-index", "--add", "--replace", "-z", "--index-info"], { input: infoOf(entries) });
}

/** A line for each, some at a time: there may be a million. */
async function* infoOf(entries: Iterable<IndexEntry>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  for (const { path, mode, blob } of entries) {
    parts.push(Buffer.from(`${mode} ${blob}\t`), path, nul);
    if (parts.length < 3 * linesAtOnce) continue;
    yield Buffer.concat(parts);
    parts = [];
  }
  yield Buffer.concat(parts);
}

/** Takes paths out of the index, whatever is on disk. */
export async function unstagePaths(repository: Repository, paths: Sized<Buffer>): Promise<void> {
  if (paths.length === 0) return;
  await gitIn(repository, ["update-index", "--force-remove", "-z", "--stdin"], { input: nulEnded(paths) });
}

/** Plain `git add -A` of exactly these paths, our filter included; those that git refuses are left out (see checkPathspecs). */
export async function addPaths(repository: Repository, paths: Sized<Buffer>): Promise<void> {
  if (paths.length === 0) return;
  const args = ["--literal-pathspecs", "add", "-A", "--pathspec-from-file=-", "--pathspec-file-nul"];
  await gitIn(repository, args, { input: nulEnded(paths), okCodes: [0, 1] });
}

async function* nulEnded(paths: Iterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  for (const path of paths) {
    parts.push(path, nul);
    if (parts.length < 2 * linesAtOnce) continue;
    yield Buffer.concat(parts);
    parts = [];
  }
  yield Buffer.concat(parts);
}
