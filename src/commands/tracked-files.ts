import { existsSync } from "node:fs";
import { join } from "node:path";
import { MlgitError } from "../error/mlgit-error.ts";
import { openAttributeCheck } from "../git/check-attributes.ts";
import type { Repository } from "../git/repository.ts";
import { inBatches, type SmallFile, scanIndex, scanTree } from "../git/tree-scan.ts";
import { type Pointer, parsePointer } from "../pointer/pointer.ts";

/** A tracked file as git has it: a path of the index or of a commit, and its pointer. */
export interface TrackedFile extends Pointer {
  readonly path: Buffer;
  /** `100644` or `100755`. */
  readonly mode: string;
  readonly blob: string;
}

/** Files of one list: few enough to keep in mind. */
const listed = 4096;

/** The pointers of the index that lie under tracked paths; of a conflict only what is merged already. */
export function indexFiles(repository: Repository): Promise<TrackedFile[]> {
  return gather(eachIndexFiles(repository));
}

/** The same list by list: there may be a million. */
export async function* eachIndexFiles(repository: Repository): AsyncGenerator<TrackedFile[]> {
  const check = openAttributeCheck(repository);
  try {
    for await (const files of inBatches(pointersOf(scanIndex(repository)), listed)) {
      const filters = await check.ask(files.map((file) => file.path));
      yield files.filter((_, i) => filters[i] === "mlgit");
    }
  } finally {
    check.close();
  }
}

/** The pointers of a commit or tree. Attributes are those of another time, so the content decides. */
export function treeFiles(repository: Repository, treeish: string): Promise<TrackedFile[]> {
  return gather(eachTreeFiles(repository, treeish));
}

/** The same list by list. */
export function eachTreeFiles(repository: Repository, treeish: string): AsyncGenerator<TrackedFile[]> {
  return inBatches(pointersOf(scanTree(repository, treeish)), listed);
}

async function gather(lists: AsyncIterable<readonly TrackedFile[]>): Promise<TrackedFile[]> {
  const found: TrackedFile[] = [];
  for await (const files of lists) for (const file of files) found.push(file);
  return found;
}

async function* pointersOf(files: AsyncIterable<SmallFile>): AsyncGenerator<TrackedFile> {
  for await (const file of files) {
    const pointer = file.stage === 0 ? parsePointer(file.bytes) : undefined;
    if (pointer) yield { ...pointer, path: Buffer.from(file.path), mode: file.mode, blob: file.blob };
  }
}

/** Keeps the files that lie at or below one of the given paths (relative to the folder the command runs in); all when none is given. */
export function below(files: readonly TrackedFile[], paths: readonly string[], prefix: string): TrackedFile[] {
  if (paths.length === 0) return [...files];
  const wanted = paths.map((path) => Buffer.from(normal(prefix + path)));
  return files.filter((file) =>
    wanted.some(
      (one) =>
        one.length === 0 ||
        file.path.equals(one) ||
        (file.path.length > one.length &&
          file.path[one.length] === 0x2f &&
          file.path.subarray(0, one.length).equals(one)),
    ),
  );
}

/** The same of a worktree's files. @throws MlgitError kind `usage` for a path at which there is nothing, in git or on the disk: a slip of the pen */
export function namedFiles(
  files: readonly TrackedFile[],
  paths: readonly string[],
  { workTree, prefix }: { readonly workTree: string; readonly prefix: string },
): TrackedFile[] {
  for (const path of paths)
    if (below(files, [path], prefix).length === 0 && !existsSync(join(workTree, prefix, path)))
      throw new MlgitError("usage", `there is no ${path} here`, {
        path,
        hint: "git mlgit ls-files lists what is tracked; folders are named as they are, without *",
      });
  return below(files, paths, prefix);
}

function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/"))
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  return parts.join("/");
}
