import { splitNul } from "./nul-list.ts";
import { startGit } from "./process.ts";
import { gitIn, type Repository } from "./repository.ts";
import { runGit } from "./run.ts";

/** What `git add` of some pathspecs would look at. Raw bytes, relative to the top. */
export interface ChangedPaths {
  /** In the index, and different on disk: modified, unmerged, deleted. */
  readonly known: readonly Buffer[];
  /** New, and not ignored. */
  readonly fresh: readonly Buffer[];
}

export async function listChanged(pathspecs: readonly string[], cwd: string): Promise<ChangedPaths> {
  const which = ["--modified", "--others", "--exclude-standard"];
  const git = startGit(["ls-files", "-z", "-t", "--full-name", ...which, "--", ...pathspecs], { cwd });
  const known = new Map<string, Buffer>();
  const fresh: Buffer[] = [];
  try {
    for await (const line of splitNul(git.stdout)) {
      const path = Buffer.from(line.subarray(2));
      if (line[0] === newTag) fresh.push(path);
      else known.set(path.toString("latin1"), path);
    }
    await git.done;
  } finally {
    git.stop();
  }
  return { known: [...known.values()], fresh };
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
  const { code, stderr } = await runGit(["add", "-n", "-N", "--", ...pathspecs], { cwd, okCodes: [0, 1] });
  return code === 0 ? undefined : stderr.trim();
}

export interface IndexEntry {
  readonly path: Buffer;
  /** `100644` or `100755`. */
  readonly mode: string;
  readonly blob: string;
}

/** Puts entries into the index by one process, in place of whatever is in their way. git then knows nothing of the files' state; stampIndex tells it. */
export async function stageEntries(repository: Repository, entries: readonly IndexEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await gitIn(repository, ["update-index", "--add", "--replace", "-z", "--index-info"], { input: infoOf(entries) });
}

/** A line for each, some at a time: there may be a hundred thousand. */
async function* infoOf(entries: readonly IndexEntry[]): AsyncGenerator<Buffer> {
  for (let at = 0; at < entries.length; at += linesAtOnce)
    yield Buffer.concat(
      entries
        .slice(at, at + linesAtOnce)
        .flatMap(({ path, mode, blob }) => [Buffer.from(`${mode} ${blob}\t`), path, nul]),
    );
}

/** Takes paths out of the index, whatever is on disk. */
export async function unstagePaths(repository: Repository, paths: readonly Buffer[]): Promise<void> {
  if (paths.length === 0) return;
  await gitIn(repository, ["update-index", "--force-remove", "-z", "--stdin"], { input: nulEnded(paths) });
}

/** Plain `git add -A` of exactly these paths, our filter included; those that git refuses are left out (see checkPathspecs). */
export async function addPaths(repository: Repository, paths: readonly Buffer[]): Promise<void> {
  if (paths.length === 0) return;
  const args = ["--literal-pathspecs", "add", "-A", "--pathspec-from-file=-", "--pathspec-file-nul"];
  await gitIn(repository, args, { input: nulEnded(paths), okCodes: [0, 1] });
}

function nulEnded(paths: readonly Buffer[]): Buffer {
  return Buffer.concat(paths.flatMap((path) => [path, nul]));
}
