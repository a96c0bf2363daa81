import { trackedFiles } from "../git/attributes.ts";
import { type CatFile, openCatFile } from "../git/cat-file.ts";
import { pointerLimit } from "../git/pointer-scan.ts";
import type { Repository } from "../git/repository.ts";
import type { TreeFile } from "../git/tree-scan.ts";
import { isUnknownPointer, parsePointer } from "../pointer/pointer.ts";

/** Files of the index under tracked paths whose bytes are in git itself, where a pointer should be. */
export async function findRawFiles(repository: Repository): Promise<TreeFile[]> {
  const cat = await openCatFile(repository);
  const raw: TreeFile[] = [];
  let batch: TreeFile[] = [];
  try {
    for await (const file of trackedFiles(repository)) {
      if (batch.push(file) < 4096) continue;
      raw.push(...(await rawOf(cat, batch)));
      batch = [];
    }
    raw.push(...(await rawOf(cat, batch)));
    return raw;
  } finally {
    cat.close();
  }
}

/** Those of some files whose bytes are in git itself. */
export async function rawAmong(repository: Repository, files: readonly TreeFile[]): Promise<TreeFile[]> {
  if (files.length === 0) return [];
  const cat = await openCatFile(repository);
  try {
    return await rawOf(cat, files);
  } finally {
    cat.close();
  }
}

async function rawOf(cat: CatFile, files: readonly TreeFile[]): Promise<TreeFile[]> {
  const infos = await cat.info(files.map(({ blob }) => blob));
  const isSmall = (i: number) => (infos[i]?.size ?? 0) < pointerLimit;
  const small = files.filter((_, i) => infos[i]?.type === "blob" && isSmall(i));
  const texts = await cat.contents(small.map(({ blob }) => blob));
  const content = new Set(small.filter((_, i) => isContent(texts[i]?.bytes ?? Buffer.alloc(0))));
  return files.filter((file, i) => infos[i]?.type === "blob" && (!isSmall(i) || content.has(file)));
}

function isContent(bytes: Buffer): boolean {
  // An empty file is its own pointer.
  return bytes.length > 0 && parsePointer(bytes) === undefined && !isUnknownPointer(bytes);
}
