import { existsSync } from "node:fs";
import { join } from "node:path";
import { MlgitError } from "../error/mlgit-error.ts";
import { areTracked } from "../git/check-attributes.ts";
import type { Repository } from "../git/repository.ts";
import { type SmallFile, scanIndex, scanTree } from "../git/tree-scan.ts";
import { type Pointer, parsePointer } from "../pointer/pointer.ts";

/** A tracked file as git has it: a path of the index or of a commit, and its pointer. */
export interface TrackedFile extends Pointer {
  readonly path: Buffer;
  /** `100644` or `100755`. */
  readonly mode: string;
  readonly blob: string;
}

/** The pointers of the index that lie under tracked paths; of a conflict only what is merged already. */
export async function indexFiles(repository: Repository): Promise<TrackedFile[]> {
  const files = await pointersOf(scanIndex(repository));
  const tracked = await areTracked(
    repository,
    files.map((file) => file.path),
  );
  return files.filter((_, i) => tracked[i]);
}

/** The pointers of a commit or tree. Attributes are those of another time, so the content decides. */
export function treeFiles(repository: Repository, treeish: string): Promise<TrackedFile[]> {
  return pointersOf(scanTree(repository, treeish));
}

async function pointersOf(files: AsyncIterable<SmallFile>): Promise<TrackedFile[]> {
  const found: TrackedFile[] = [];
  for await (const file of files) {
    const pointer = file.stage === 0 ? parsePointer(file.bytes) : undefined;
    if (pointer) found.push({ ...pointer, path: Buffer.from(file.path), mode: file.mode, blob: file.blob });
  }
  return found;
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
