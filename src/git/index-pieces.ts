import { createHash } from "node:crypto";
import { readFully } from "../util/read-fully.ts";
import { damagedIndex, hashLengths, type IndexScan, isNull, refusedHead } from "./index-file.ts";
import { EntryWalk, ExtensionWalk, indexHeadLength, type NameView } from "./index-walk.ts";
import type { ObjectFormat } from "./repository.ts";

/** An index that is open to be read. */
export interface OpenIndex {
  readonly fd: number;
  /** Bytes of it. */
  readonly size: number;
  readonly format: ObjectFormat;
}

/** A part of an index that is in memory, and where in the file it begins. What lies in it may be changed. */
export interface IndexPiece {
  readonly bytes: Buffer;
  readonly base: number;
}

export interface PieceVisitor {
  /** As for `scanNames`, of an entry that begins at `offset` of the piece. */
  entry(offset: number, name: NameView, piece: IndexPiece): void;
  /** Told of each piece when its entries were visited, in file order: together they are all but the checksum. Good until it returns. */
  piece?(piece: IndexPiece): void;
}

/** Walks an index as `scanNames` does, with `pieceBytes` of it in memory at a time: there may be a hundred megabytes. An entry is never longer than that. */
export function scanPieces(index: OpenIndex, pieceBytes: number, visitor: PieceVisitor): IndexScan {
  const { fd, size, format } = index;
  const end = size - hashLengths[format];
  if (end < indexHeadLength) return damagedIndex;
  const window = Buffer.allocUnsafeSlow(Math.min(pieceBytes, end));
  const hash = createHash(format);
  let walk: Walk | undefined;
  let kept = 0;
  for (let base = 0; base < end; ) {
    const filled = kept + readFully(fd, window.subarray(kept, Math.min(window.length, end - base)), base + kept);
    hash.update(window.subarray(kept, filled));
    const refused = walk ? undefined : refusedHead(window);
    if (refused) return refused;
    walk ??= { entries: new EntryWalk(window, hashLengths[format]), extensions: new ExtensionWalk() };
    const done = takePiece(walk, { bytes: window.subarray(0, filled), base }, visitor);
    // Also where the file ends within an entry.
    if (!done) return damagedIndex;
    visitor.piece?.({ bytes: window.subarray(0, done), base });
    window.copyWithin(0, done, filled);
    kept = filled - done;
    base += done;
  }
  const checksum = Buffer.alloc(hashLengths[format]);
  const isThere = readFully(fd, checksum, end) === checksum.length && walk?.entries.left === 0 && walk.extensions.whole;
  const hasNullChecksum = isNull(checksum);
  if (!isThere || !(hasNullChecksum || hash.digest().equals(checksum))) return damagedIndex;
  return { problem: walk?.extensions.known ? undefined : "unsupported", hasNullChecksum };
}

interface Walk {
  readonly entries: EntryWalk;
  readonly extensions: ExtensionWalk;
}

/** Answers how many bytes of the piece are done with; 0 or undefined when this is no index. */
function takePiece({ entries, extensions }: Walk, piece: IndexPiece, visitor: PieceVisitor): number | undefined {
  const { bytes, base } = piece;
  const start = base === 0 ? indexHeadLength : 0;
  const at = entries.take(bytes, start, bytes.length, (offset, name) => visitor.entry(offset, name, piece));
  return at === undefined || entries.left > 0 ? at : extensions.take(bytes, at, bytes.length);
}
