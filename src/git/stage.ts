import { splitNul } from "./nul-list.ts";
import { startGit } from "./process.ts";
import { gitIn, type Repository } from "./repository.ts";

/** Paths (raw bytes, relative to the top) that differ from the index or are new and not ignored, below `pathspecs`. */
export async function listChanged(pathspecs: readonly string[], cwd: string): Promise<Buffer[]> {
  const args = ["ls-files", "-z", "--full-name", "--modified", "--others", "--exclude-standard", "--", ...pathspecs];
  const git = startGit(args, { cwd });
  const seen = new Map<string, Buffer>();
  try {
    for await (const path of splitNul(git.stdout)) seen.set(path.toString("latin1"), Buffer.from(path));
    await git.done;
  } finally {
    git.stop();
  }
  return [...seen.values()];
}

export interface IndexEntry {
  readonly path: Buffer;
  /** `100644` or `100755`. */
  readonly mode: string;
  readonly blob: string;
}

/** Puts entries into the index by one process. git then knows nothing of the files' state; stampIndex tells it. */
export async function stageEntries(repository: Repository, entries: readonly IndexEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const input = Buffer.concat(
    entries.flatMap(({ path, mode, blob }) => [Buffer.from(`${mode} ${blob}\t`), path, Buffer.from([0])]),
  );
  await gitIn(repository, ["update-index", "--add", "-z", "--index-info"], { input });
}

/** Plain `git add -A` of exactly these paths, our filter included. */
export async function addPaths(repository: Repository, paths: readonly Buffer[]): Promise<void> {
  if (paths.length === 0) return;
  const input = Buffer.concat(paths.flatMap((path) => [path, Buffer.from([0])]));
  const args = ["--literal-pathspecs", "add", "-A", "--pathspec-from-file=-", "--pathspec-file-nul"];
  await gitIn(repository, args, { input });
}
