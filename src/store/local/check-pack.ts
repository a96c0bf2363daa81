import { hash as digest } from "node:crypto";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { isMlgitError, systemCode } from "../../error/mlgit-error.ts";
import { namedFiles, salvageFiles } from "./salvage.ts";
import { SealedPack } from "./sealed-pack.ts";
import { isUnreadable } from "./unread-files.ts";

export interface CheckedPack {
  /** Nothing at all is wrong with pack and index. */
  readonly sound: boolean;
  readonly files: number;
  /** Bytes of its files. */
  readonly bytes: number;
  /** Files that the index names and whose bytes are not right. */
  readonly lost: readonly string[];
}

/** Reads and hashes all of a cache pack; undefined when it has gone meanwhile. */
export function checkPack(path: string, hash: ChunkHash): CheckedPack | undefined {
  try {
    return readAll(path, hash) ?? weigh(path, hash);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    return undefined;
  }
}

/** Undefined at the first thing that is wrong. */
function readAll(path: string, hash: ChunkHash): CheckedPack | undefined {
  let pack: SealedPack | undefined;
  let bytes = 0;
  try {
    pack = new SealedPack(path, hash);
    for (const oid of pack.oids()) {
      const found = pack.read(oid);
      if (!found || digest("sha256", found.content, "hex") !== oid) return undefined;
      bytes += found.content.length;
    }
    return { sound: true, files: pack.count, bytes, lost: [] };
  } catch (error) {
    // A pack without its index can be mended, too, and one whose index the disk does not give.
    if (isMlgitError(error) || systemCode(error) === "ENOENT" || (!pack && isUnreadable(error))) return undefined;
    throw error;
  } finally {
    pack?.close();
  }
}

function weigh(path: string, hash: ChunkHash): CheckedPack | undefined {
  const lost = new Set(namedFiles(path));
  const files = lost.size;
  let bytes = 0;
  for (const { oid, content } of salvageFiles(path, hash)) {
    lost.delete(oid);
    bytes += content.length;
  }
  return { sound: false, files, bytes, lost: [...lost] };
}
