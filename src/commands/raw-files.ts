import { trackedFiles } from "../git/attributes.ts";
import { type CatFile, openCatFile } from "../git/cat-file.ts";
import { areTracked } from "../git/check-attributes.ts";
import { pointerLimit } from "../git/pointer-scan.ts";
import type { Repository } from "../git/repository.ts";
import { scanIndex, type TreeFile } from "../git/tree-scan.ts";
import { isLfsPointer, passesThrough } from "../pointer/pass-through.ts";
import { parsePointer } from "../pointer/pointer.ts";

/** Files of the index under tracked paths that are no pointers of ours. */
export interface OtherFiles {
  /** Their bytes are in git itself. */
  readonly raw: readonly TreeFile[];
  /** Pointers of git-lfs, whose data is not here. */
  readonly lfs: readonly TreeFile[];
}

/** Looks through the index for them. */
export async function findOtherFiles(repository: Repository): Promise<OtherFiles> {
  const cat = await openCatFile(repository);
  const found: { raw: TreeFile[]; lfs: TreeFile[] } = { raw: [], lfs: [] };
  let batch: TreeFile[] = [];
  const look = async () => {
    const { raw, lfs } = await sortOut(cat, batch);
    found.raw.push(...raw);
    found.lfs.push(...lfs);
    batch = [];
  };
  try {
    for await (const file of trackedFiles(repository)) if (batch.push(file) >= 4096) await look();
    await look();
    return found;
  } finally {
    cat.close();
  }
}

/** Pointers of the index at paths that no pattern tracks: somebody forgot to commit `.gitattributes`, or took a pattern out. */
export async function findStrayPointers(repository: Repository): Promise<Buffer[]> {
  const paths: Buffer[] = [];
  for await (const { path, bytes } of scanIndex(repository)) if (parsePointer(bytes)) paths.push(Buffer.from(path));
  const tracked = await areTracked(repository, paths);
  return paths.filter((_, i) => !tracked[i]);
}

/** Those of some files whose bytes are in git itself. */
export async function rawAmong(repository: Repository, files: readonly TreeFile[]): Promise<TreeFile[]> {
  if (files.length === 0) return [];
  const cat = await openCatFile(repository);
  try {
    return [...(await sortOut(cat, files)).raw];
  } finally {
    cat.close();
  }
}

async function sortOut(cat: CatFile, files: readonly TreeFile[]): Promise<OtherFiles> {
  const infos = await cat.info(files.map(({ blob }) => blob));
  const isSmall = (i: number) => (infos[i]?.size ?? 0) < pointerLimit;
  const small = files.filter((_, i) => infos[i]?.type === "blob" && isSmall(i));
  const texts = await cat.contents(small.map(({ blob }) => blob));
  const bytesOf = (i: number) => texts[i]?.bytes ?? Buffer.alloc(0);
  const content = new Set(small.filter((_, i) => !passesThrough(bytesOf(i))));
  return {
    raw: files.filter((file, i) => infos[i]?.type === "blob" && (!isSmall(i) || content.has(file))),
    lfs: small.filter((_, i) => isLfsPointer(bytesOf(i))),
  };
}
