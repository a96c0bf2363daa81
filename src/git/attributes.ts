import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { uniqueName } from "../util/durable.ts";
import { splitNul } from "./nul-list.ts";
import { type GitProcess, startGit, writeTo } from "./process.ts";
import { cwdOf, gitIn, type Repository } from "./repository.ts";
import { runGit } from "./run.ts";
import { listIndex, listTree, type TreeFile } from "./tree-scan.ts";

/** The files of the index whose path is tracked (`filter=mlgit`), by the attributes of the worktree. Two processes in all. */
export function trackedFiles(repository: Repository): AsyncGenerator<TreeFile> {
  return filesWithFilter(repository, ["mlgit"]);
}

/** The same for other filters as well. */
export async function* filesWithFilter(repository: Repository, filters: readonly string[]): AsyncGenerator<TreeFile> {
  const check = startGit(["check-attr", "--stdin", "-z", "filter"], { cwd: cwdOf(repository) });
  yield* withFilter(listIndex(repository), check, filters);
}

/** The files of a commit or tree whose path is tracked by that tree's own attributes. @throws MlgitError kind `incomplete`. */
export async function* trackedFilesOf(repository: Repository, treeish: string): AsyncGenerator<TreeFile> {
  // check-attr learned --source only in git 2.40.
  const env = { GIT_INDEX_FILE: join(repository.gitDir, `mlgit-index-${uniqueName()}`) };
  try {
    await gitIn(repository, ["read-tree", "--end-of-options", treeish], { env });
    const check = startGit(["check-attr", "--cached", "--stdin", "-z", "filter"], { cwd: cwdOf(repository), env });
    yield* withFilter(listTree(repository, treeish), check, ["mlgit"]);
  } finally {
    rmSync(env.GIT_INDEX_FILE, { force: true });
    rmSync(`${env.GIT_INDEX_FILE}.lock`, { force: true });
  }
}

/** Of these paths, those that one .gitattributes text at the top of a worktree would track. Nothing of the real worktree is read. */
export async function pathsTrackedBy(
  repository: Repository,
  text: string,
  paths: readonly string[],
): Promise<string[]> {
  const top = mkdtempSync(join(tmpdir(), "mlgit-attributes-"));
  try {
    writeFileSync(join(top, ".gitattributes"), text);
    const env = { GIT_DIR: repository.gitDir, GIT_WORK_TREE: top, GIT_INDEX_FILE: join(top, "index") };
    const { stdout } = await runGit(["check-attr", "-z", "filter", "--", ...paths], { cwd: top, env });
    const fields = stdout.toString("utf8").split("\0");
    return paths.filter((_, i) => fields[i * 3 + 2] === "mlgit");
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

/** check-attr prints `<path> NUL <attribute> NUL <value> NUL` in the order it was asked. */
async function* withFilter(
  files: AsyncIterable<TreeFile>,
  check: GitProcess,
  filters: readonly string[],
): AsyncGenerator<TreeFile> {
  let asked: TreeFile[] = [];
  let answered = 0;
  const asking = (async () => {
    let batch: Buffer[] = [];
    for await (const file of files) {
      asked.push(file);
      if (batch.push(file.path, nul) < 2048) continue;
      await writeTo(check, Buffer.concat(batch));
      batch = [];
    }
    check.stdin.end(Buffer.concat(batch));
  })();
  asking.catch(() => check.stop());
  try {
    let field = 0;
    for await (const value of splitNul(check.stdout)) {
      if (++field % 3 !== 0) continue;
      const file = asked[answered++];
      // Not shift(): that moves all the others each time.
      if (answered === 8192) {
        asked = asked.slice(answered);
        answered = 0;
      }
      if (file && filters.includes(value.toString("latin1"))) yield file;
    }
    await asking;
    await check.done;
  } finally {
    check.stop();
  }
}

const nul = Buffer.of(0);
