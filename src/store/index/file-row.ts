import * as format from "./segment-format.ts";
import type { Damaged } from "./segment-layout.ts";

/** Where a file's content is: `count` entries of pack number `pack` from `first` on. */
export interface FileRow {
  /** 64 hex digits. */
  readonly oid: string;
  readonly size: number;
  /** Number in the segment's `packs`. */
  readonly pack: number;
  readonly first: number;
  readonly count: number;
  /** Whether the entries are the pieces of the file's manifest, not its chunks. */
  readonly manifest: boolean;
}

/** The row that begins at `at`. `packs` are the segment's. @throws MlgitError corrupt if it points nowhere */
export function readFileRow(
  rows: Buffer,
  at: number,
  of: { readonly packs: readonly { readonly count: number }[]; readonly damaged: Damaged },
): FileRow {
  const { fileAt } = format;
  const oid = rows.toString("hex", at, at + 32);
  const size = rows.readUInt32LE(at + fileAt.size) + rows.readUInt32LE(at + fileAt.size + 4) * 2 ** 32;
  const pack = rows.readUInt32LE(at + fileAt.pack);
  const first = rows.readUInt16LE(at + fileAt.first);
  const word = rows.readUInt16LE(at + fileAt.count);
  const manifest = word >= format.manifestBit;
  const count = manifest ? word - format.manifestBit : word;
  const entries = of.packs[pack]?.count ?? 0;
  if (count < 1 || first + count > entries || size < 1 || !Number.isSafeInteger(size)) {
    throw of.damaged(`has an impossible row for sha256:${oid}`);
  }
  return { oid, size, pack, first, count, manifest };
}
