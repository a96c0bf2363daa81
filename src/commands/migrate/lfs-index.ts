import { filesWithFilter } from "../../git/attributes.ts";
import { openCatFile } from "../../git/cat-file.ts";
import { pointerLimit } from "../../git/pointer-scan.ts";
import { quotePath } from "../../git/quote-path.ts";
import type { Repository } from "../../git/repository.ts";
import { listIndex, type TreeFile } from "../../git/tree-scan.ts";
import { convertAttributes } from "../../migrate/lfs-attributes.ts";
import { type LfsPointer, parseLfsPointer } from "../../pointer/lfs-pointer.ts";
import { isUnknownPointer, parsePointer } from "../../pointer/pointer.ts";
import type { Problem } from "./report.ts";

export interface PointerFile {
  readonly file: TreeFile;
  readonly pointer: LfsPointer;
}

/** What the index has of git-lfs. */
export interface LfsIndex {
  readonly pointers: readonly PointerFile[];
  /** Under git-lfs's patterns and in git itself all the same. */
  readonly raw: readonly TreeFile[];
  readonly attributes: readonly { readonly file: TreeFile; readonly text: string }[];
  readonly lockable: readonly string[];
  readonly problems: readonly Problem[];
}

/** Looks through the index, whose files are those of HEAD. */
export async function readLfsIndex(repository: Repository): Promise<LfsIndex> {
  const files: TreeFile[] = [];
  // Ours too: with --allow-missing an earlier run left pointers of git-lfs under them.
  for await (const file of filesWithFilter(repository, ["lfs", "mlgit"]))
    files.push({ ...file, path: Buffer.from(file.path) });
  const tracked = new Map(files.map((file) => [file.path.toString("latin1"), file]));
  const pointers: PointerFile[] = [];
  const raw: TreeFile[] = [];
  const problems: Problem[] = [];
  for (const [file, bytes] of await withBytes(repository, files)) {
    const pointer = bytes && parseLfsPointer(bytes);
    const isOurs = bytes && (bytes.length === 0 || parsePointer(bytes) || isUnknownPointer(bytes));
    if (pointer && pointer.extensions.length > 0)
      problems.push({
        path: quotePath(file.path),
        reason: `its bytes went through git-lfs's extension ${pointer.extensions.join(", ")}, which mlgit has not`,
      });
    else if (pointer) pointers.push({ file, pointer });
    else if (!isOurs) raw.push(file);
  }
  const { attributes, lockable } = await readAttributeFiles(repository);
  return {
    pointers,
    raw,
    attributes,
    lockable,
    problems: [...problems, ...(await strayPointers(repository, tracked))],
  };
}

/** Pointers of git-lfs that no pattern covers: for git they are plain files. */
async function strayPointers(repository: Repository, tracked: ReadonlyMap<string, TreeFile>): Promise<Problem[]> {
  const others: TreeFile[] = [];
  for await (const file of listIndex(repository))
    if (!tracked.has(file.path.toString("latin1"))) others.push({ ...file, path: Buffer.from(file.path) });
  const problems: Problem[] = [];
  for (const [file, bytes] of await withBytes(repository, others))
    if (bytes && parseLfsPointer(bytes))
      problems.push({ path: quotePath(file.path), reason: "a pointer of git-lfs that no .gitattributes line tracks" });
  return problems;
}

async function readAttributeFiles(repository: Repository) {
  const files: TreeFile[] = [];
  for await (const file of listIndex(repository, [":(top,glob)**/.gitattributes"]))
    files.push({ ...file, path: Buffer.from(file.path) });
  const attributes: { file: TreeFile; text: string }[] = [];
  const lockable: string[] = [];
  const cat = await openCatFile(repository);
  try {
    for (const [i, { bytes }] of (await cat.contents(files.map(({ blob }) => blob))).entries()) {
      const converted = convertAttributes(bytes.toString("latin1"));
      lockable.push(...converted.lockable);
      const file = files[i];
      if (converted.changed > 0 && file) attributes.push({ file, text: converted.text });
    }
    return { attributes, lockable };
  } finally {
    cat.close();
  }
}

/** Files with their bytes, where they are small enough for a pointer; undefined for larger ones. */
async function withBytes(
  repository: Repository,
  files: readonly TreeFile[],
): Promise<(readonly [TreeFile, Buffer | undefined])[]> {
  const cat = await openCatFile(repository);
  try {
    const found: (readonly [TreeFile, Buffer | undefined])[] = [];
    for (let at = 0; at < files.length; at += 4096) {
      const part = files.slice(at, at + 4096);
      const infos = await cat.info(part.map(({ blob }) => blob));
      const small = part.filter((_, i) => infos[i]?.type === "blob" && infos[i].size < pointerLimit);
      const bytes = new Map<string, Buffer>();
      for (const one of await cat.contents(small.map(({ blob }) => blob))) bytes.set(one.oid, Buffer.from(one.bytes));
      for (const file of part) found.push([file, bytes.get(file.blob)]);
    }
    return found;
  } finally {
    cat.close();
  }
}
