import { createHash } from "node:crypto";
import { openCatFile } from "../git/cat-file.ts";
import type { Change } from "../git/changes.ts";
import type { Repository } from "../git/repository.ts";
import { type Pointer, parsePointer, pointerLimit } from "../pointer/pointer.ts";

/** Raw content beyond this is not read to be compared: it counts as changed. */
const readLimit = 64 * 1024 * 1024;

/** Those of the changes whose two blobs stand for the same bytes: one of them is the pointer of the other. */
export async function sameContent(repository: Repository, changes: readonly Change[]): Promise<Set<Change>> {
  const same = new Set<Change>();
  if (changes.length === 0) return same;
  const cat = await openCatFile(repository);
  try {
    const infos = await cat.info(changes.flatMap(({ oldBlob, newBlob }) => [oldBlob, newBlob]));
    for (const [i, change] of changes.entries()) {
      const sizes = [infos[2 * i]?.size ?? 0, infos[2 * i + 1]?.size ?? 0] as const;
      // Two pointers or two raw files that differ have different content.
      if (Math.min(...sizes) >= pointerLimit || Math.max(...sizes) > readLimit) continue;
      const [from, to] = (await cat.contents([change.oldBlob, change.newBlob])).map(({ bytes }) => Buffer.from(bytes));
      if (from && to && (isPointerOf(from, to) || isPointerOf(to, from))) same.add(change);
    }
    return same;
  } finally {
    cat.close();
  }
}

function isPointerOf(pointer: Buffer, content: Buffer): boolean {
  const parsed: Pointer | undefined = parsePointer(pointer);
  if (parsed === undefined || parsed.size !== content.length) return false;
  return createHash("sha256").update(content).digest("hex") === parsed.oid;
}
