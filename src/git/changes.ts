import { splitNulAtOnce } from "./nul-list.ts";
import { startGit } from "./process.ts";
import { cwdOf, type Repository } from "./repository.ts";
import { gitText, runGit } from "./run.ts";

/** One line of git's raw diff. Modes are `000000` and oids zeros on the side that has nothing; a worktree side has a zero oid too. */
export interface Change {
  /** Raw bytes, relative to the top. */
  readonly path: Buffer;
  /** `A`, `D`, `M`, `T` (type changed), `U` (unmerged). */
  readonly status: string;
  readonly oldMode: string;
  readonly newMode: string;
  readonly oldBlob: string;
  readonly newBlob: string;
}

/** What is staged: the index against HEAD, or against nothing before the first commit. Renames are a deletion and an addition. */
export async function stagedChanges(repository: Repository): Promise<Change[]> {
  const changes: Change[] = [];
  for await (const some of eachStagedChanges(repository)) for (const change of some) changes.push(change);
  return changes;
}

/** The same, some at a time: there may be a million. */
export async function* eachStagedChanges(repository: Repository): AsyncGenerator<Change[]> {
  const head = await verifyCommit(repository, "HEAD");
  const base = head ?? (await emptyTree(repository));
  yield* eachChanges(repository, ["diff-index", "--cached", "--raw", "-z", "--no-renames", "--abbrev=64", base, "--"]);
}

/** What is changed in the worktree and not staged. git refreshes nothing, so a touched file may be listed. */
export function worktreeChanges(repository: Repository): Promise<Change[]> {
  return rawDiff(repository, ["diff-files", "--raw", "-z", "--no-renames", "--abbrev=64"]);
}

/** The same without files that were only touched, or written in the same instant as the index: git reads those again. */
export function worktreeEdits(repository: Repository): Promise<Change[]> {
  return rawDiff(repository, ["diff", "--raw", "-z", "--no-renames", "--abbrev=64"]);
}

/** What differs between two commits or trees, below `pathspecs` if there are any. */
export function treeChanges(
  repository: Repository,
  from: string,
  to: string,
  pathspecs: readonly string[] = [],
): Promise<Change[]> {
  const args = ["diff-tree", "-r", "--raw", "-z", "--no-renames", "--abbrev=64", from, to, "--", ...pathspecs];
  return rawDiff(repository, args);
}

/** What differs between two commits or trees, some at a time: there may be a million. */
export function eachTreeChanges(repository: Repository, from: string, to: string): AsyncGenerator<Change[]> {
  return eachChanges(repository, ["diff-tree", "-r", "--raw", "-z", "--no-renames", "--abbrev=64", from, to, "--"]);
}

/** The full id of a commit, or undefined when there is none of that name. */
export async function verifyCommit(repository: Repository, name: string): Promise<string | undefined> {
  const options = { cwd: cwdOf(repository), okCodes: [0, 1, 128] };
  return await gitText(["rev-parse", "-q", "--verify", `${name}^{commit}`], options);
}

/** The id of the tree without entries; git knows it without storing it. */
export async function emptyTree(repository: Repository): Promise<string> {
  const { stdout } = await runGit(["hash-object", "-t", "tree", "--stdin"], { cwd: cwdOf(repository), input: "" });
  return stdout.toString("latin1").trim();
}

async function rawDiff(repository: Repository, args: readonly string[]): Promise<Change[]> {
  const changes: Change[] = [];
  for await (const some of eachChanges(repository, args)) for (const change of some) changes.push(change);
  return changes;
}

/** Source of the format: git-diff-index(1), "RAW OUTPUT FORMAT": `:mode mode oid oid status NUL path NUL`. */
async function* eachChanges(repository: Repository, args: readonly string[]): AsyncGenerator<Change[]> {
  const git = startGit(args, { cwd: cwdOf(repository) });
  let head: string[] | undefined;
  try {
    for await (const fields of splitNulAtOnce(git.stdout)) {
      const changes: Change[] = [];
      for (const field of fields) {
        if (head) changes.push(changeOf(head, field));
        head = head ? undefined : field.toString("latin1", 1).split(" ");
      }
      yield changes;
    }
    await git.done;
  } finally {
    git.stop();
  }
}

function changeOf(
  [oldMode = "", newMode = "", oldBlob = "", newBlob = "", status = ""]: string[],
  path: Buffer,
): Change {
  return { path: Buffer.from(path), status: status.slice(0, 1), oldMode, newMode, oldBlob, newBlob };
}
