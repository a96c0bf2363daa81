import { copyFileSync, existsSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { uniqueName } from "../util/durable.ts";
import { worktreeChanges } from "./changes.ts";
import { areTracked } from "./check-attributes.ts";
import { plainIdent, type Settings } from "./ident.ts";
import { quickHead } from "./quick-head.ts";
import { cwdOf, gitIn, type Repository } from "./repository.ts";
import { gitText, runGit, runGitNow } from "./run.ts";

/** An index of about a thousand files. */
const fewBytes = 100_000;

export interface CodeState {
  /** What is checked out; null before the first commit. */
  readonly commit: string | null;
  /** The tree of what is there, where it differs from the commit: staged and unstaged changes of files that git has, tracked data as staged. */
  readonly dirty: string | null;
}

/** Which code is in the worktree. Changes neither index nor refs; the objects of a changed tree are written. */
export async function codeState(repository: Repository & { readonly workTree: string }): Promise<CodeState> {
  const quick = quickHead(repository);
  if (quick !== undefined && (await isUnchanged(repository, quick))) return { commit: quick, dirty: null };
  const [head, isSame] = await Promise.all([
    gitText(["rev-parse", "-q", "HEAD^{commit}", "HEAD^{tree}"], { cwd: repository.workTree, okCodes: [0, 1, 128] }),
    quick === undefined && isUnchanged(repository, "HEAD"),
  ]);
  const [, commit = null, clean] = /^([0-9a-f]+)\n([0-9a-f]+)$/.exec(head ?? "") ?? [];
  if (isSame) return { commit, dirty: null };
  const tree = await worktreeTree(repository);
  return { commit, dirty: tree === clean ? null : tree };
}

/** Whether index and worktree are those of a commit, by one process; false also where a file was only touched. */
async function isUnchanged(repository: Repository, commit: string): Promise<boolean> {
  const args = ["diff-index", "--raw", "-z", "--no-renames", commit, "--"];
  const how = { cwd: cwdOf(repository), okCodes: [0, 128] };
  // Of many files git looks at each.
  const size = statSync(join(repository.gitDir, "index"), { throwIfNoEntry: false })?.size ?? 0;
  const { code, stdout } = size < fewBytes ? runGitNow(args, how) : await runGit(args, how);
  return code === 0 && stdout.length === 0;
}

async function worktreeTree(repository: Repository & { readonly workTree: string }): Promise<string | null> {
  const index = join(repository.gitDir, "index");
  const temp = join(repository.gitDir, `mlgit-${uniqueName()}.index`);
  const env = { GIT_INDEX_FILE: temp };
  try {
    if (existsSync(index)) copyIndex(index, temp);
    const paths = (await worktreeChanges(repository)).map((change) => change.path);
    const tracked = await areTracked(repository, paths);
    const code = paths.filter((_, i) => !tracked[i]);
    const input = Buffer.concat(code.flatMap((path) => [path, Buffer.from([0])]));
    if (code.length > 0)
      await gitIn(repository, ["update-index", "--add", "--remove", "-z", "--stdin"], { input, env });
    const { code: status, stdout } = await runGit(["write-tree"], { cwd: repository.workTree, env, okCodes: [0, 128] });
    // An index with conflicts has no tree.
    return status === 0 ? stdout.toString("latin1").trim() : null;
  } finally {
    rmSync(temp, { force: true });
    rmSync(`${temp}.lock`, { force: true });
  }
}

/**
 * A copy that is as old as the original. By an index's time git knows which files may have changed since in the same second, and has to read those: a
 * younger copy would hide such a change.
 */
function copyIndex(index: string, copy: string): void {
  const { mtimeMs } = statSync(index);
  copyFileSync(index, copy);
  const seconds = Math.floor(mtimeMs / 1000);
  utimesSync(copy, seconds, seconds);
}

/** `Name <mail>`, as git would commit; empty where git knows none. Settings that are known spare asking git. */
export async function gitActor(repository: Repository, settings?: Settings): Promise<string> {
  const plain = settings && plainIdent("author", settings);
  if (plain !== undefined) return plain;
  const { code, stdout } = await gitIn(repository, ["var", "GIT_AUTHOR_IDENT"], { okCodes: [0, 1, 128] });
  return code === 0
    ? stdout
        .toString("utf8")
        .trim()
        .replace(/ \d+ [+-]\d{4}$/, "")
    : "";
}
