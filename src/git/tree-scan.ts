import { openCatFile } from "./cat-file.ts";
import { splitNul } from "./nul-list.ts";
import { pointerLimit } from "./pointer-scan.ts";
import { startGit } from "./process.ts";
import { cwdOf, type Repository } from "./repository.ts";

export interface TreeFile {
  /** Relative to the worktree's top, raw bytes. */
  readonly path: Buffer;
  /** As git writes it: `100644` or `100755`. */
  readonly mode: string;
  readonly blob: string;
  /** 0 unless the index holds a merge conflict: then 1 base, 2 ours, 3 theirs. */
  readonly stage: number;
}

export interface SmallFile extends TreeFile {
  /** Less than `pointerLimit`. A view into a larger buffer: copy it to keep it. */
  readonly bytes: Buffer;
}

/** Every regular file of a commit or tree. @throws MlgitError kind `incomplete` for an unknown revision. */
export function listTree(repository: Repository, treeish: string): AsyncGenerator<TreeFile> {
  return list(repository, ["ls-tree", "-r", "-z", "--full-tree", "--end-of-options", treeish], ([mode, , blob]) => ({
    mode,
    blob,
    stage: 0,
  }));
}

/** Every regular file of the index of this worktree, or those below `pathspecs`; a conflict gives one per stage. */
export function listIndex(
  repository: Repository,
  pathspecs: readonly string[] = repository.workTree ? [":/"] : [],
): AsyncGenerator<TreeFile> {
  const args = ["ls-files", "-s", "-z", "--full-name", "--", ...pathspecs];
  return list(repository, args, ([mode, blob, stage]) => ({ mode, blob, stage: Number(stage) }));
}

/** The files of a commit or tree that may be pointers, with their bytes. What a partial clone lacks is fetched, many at a time. */
export function scanTree(repository: Repository, treeish: string): AsyncGenerator<SmallFile> {
  return withBytes(repository, listTree(repository, treeish), "fetch");
}

/** The files of the index that may be pointers, with their bytes. What a partial clone lacks is left out. */
export function scanIndex(repository: Repository): AsyncGenerator<SmallFile> {
  return withBytes(repository, listIndex(repository), "missing");
}

type Head = Omit<TreeFile, "path"> & { readonly mode: string };

/** Both commands print `<mode> SP <two more words> TAB <path> NUL`. */
async function* list(
  repository: Repository,
  args: readonly string[],
  toHead: (words: readonly [string, string, string]) => Head,
): AsyncGenerator<TreeFile> {
  const git = startGit(args, { cwd: cwdOf(repository) });
  try {
    for await (const entry of splitNul(git.stdout)) {
      const tab = entry.indexOf(0x09);
      const [mode = "", second = "", third = ""] = entry.toString("latin1", 0, tab).split(" ");
      // Not submodules (160000), not symlinks (120000): git never filters them.
      if (mode.startsWith("100")) yield { ...toHead([mode, second, third]), path: entry.subarray(tab + 1) };
    }
    await git.done;
  } finally {
    git.stop();
  }
}

/** Adds the bytes of those that are small, in the order given, without reading the others. */
async function* withBytes(
  repository: Repository,
  files: AsyncIterable<TreeFile>,
  absent: "fetch" | "missing",
): AsyncGenerator<SmallFile> {
  const cat = await openCatFile(repository, { absent });
  try {
    for await (const batch of inBatches(files, 4096)) {
      const infos = await cat.info(batch.map((file) => file.blob));
      const small = batch.filter((_, i) => infos[i]?.type === "blob" && infos[i].size < pointerLimit);
      const objects = await cat.contents(small.map((file) => file.blob));
      for (const [i, file] of small.entries()) yield { ...file, bytes: objects[i]?.bytes ?? Buffer.alloc(0) };
    }
  } finally {
    cat.close();
  }
}

/** Lists of up to `size` of the items, in their order. */
export async function* inBatches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Lists of `size` items or more, of shorter ones, in their order. */
export async function* joined<T>(lists: AsyncIterable<readonly T[]>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const list of lists) {
    for (const item of list) batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
