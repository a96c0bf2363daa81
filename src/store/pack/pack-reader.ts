import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import type { Codec } from "../../chunk/codec.ts";
import { isMlgitError } from "../../error/mlgit-error.ts";
import * as format from "./pack-format.ts";
import { damaged, PackTable } from "./pack-table.ts";

/** What reading needs; both come from `src/chunk`. */
export interface PackTools {
  readonly hash: ChunkHash;
  readonly codec: Codec;
}

/**
 * The table of a pack held whole in memory, its frame checked too; the entries are checked as they are decoded.
 * @throws MlgitError corrupt
 */
export function readPack(bytes: Uint8Array, id: string, hash: ChunkHash): PackTable {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, format.magic.length));
  if (!start.equals(format.magic)) throw damaged(id, "is not a pack");
  return PackTable.parseTail(bytes, { id, size: bytes.length }, hash);
}

/**
 * The plain bytes of an entry, proven to be what its id names. A view on `stored`, or one that is good until the
 * next call. @throws MlgitError corrupt; unsupported for a codec this version does not know
 */
export function decodeEntry(stored: Uint8Array, table: PackTable, entry: number, tools: PackTools): Uint8Array {
  const plain = decodeUnproven(stored, table, entry, tools.codec);
  if (!tools.hash(plain).equals(table.id(entry))) throw damaged(table.packId, `has damaged bytes in entry ${entry}`);
  return plain;
}

/** The same, of the right length and nothing more: for whoever compares the whole file, of which it is a part, with its hash. */
export function decodeUnproven(stored: Uint8Array, table: PackTable, entry: number, codec: Codec): Uint8Array {
  const length = table.storedLength(entry);
  if (stored.length !== length) {
    throw damaged(table.packId, `has ${length} bytes in entry ${entry}, and ${stored.length} were read`);
  }
  return decompress(stored, table, entry, codec);
}

function decompress(stored: Uint8Array, table: PackTable, entry: number, codec: Codec): Uint8Array {
  try {
    return codec.decompress(table.codec(entry), stored, table.plainLength(entry));
  } catch (cause) {
    if (isMlgitError(cause) && cause.kind === "unsupported") throw cause;
    throw damaged(table.packId, `has damaged bytes in entry ${entry}`, cause);
  }
}
