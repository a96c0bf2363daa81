import type { SealedPack } from "./sealed-pack.ts";

/** A table that finds its rows by oids. */
export interface OidTable {
  readonly size: number;
  oid(row: number): string;
  /** The row of an oid's 32 bytes, which lie at `at`, or -1. */
  rowOf(bytes: Uint8Array, at: number): number;
}

export interface AbsentTools {
  readonly packs: ReadonlyMap<string, SealedPack>;
  has(oid: string): boolean;
}

/** Of fewer each is asked for. */
const worthReading = 4096;
/** To ask for one takes as long as to read the names of so many. */
const readForOne = 4;

/**
 * Those of some rows that are in no pack and that `has` does not know either. Of very many, the packs tell all that they hold: the indexes of many packs lie on
 * the disk, and each question is a read.
 */
export function absentRows(wanted: OidTable, rows: Uint32Array, { packs, has }: AbsentTools): number[] {
  const held = new Uint8Array(wanted.size);
  const named = [...packs.values()].reduce((sum, pack) => sum + pack.count, 0);
  if (rows.length >= worthReading && named <= readForOne * rows.length)
    for (const pack of packs.values()) markHeld(pack, wanted, held);
  const absent: number[] = [];
  for (const row of rows) if (held[row] === 0 && !has(wanted.oid(row))) absent.push(row);
  return absent;
}

function markHeld(pack: SealedPack, wanted: OidTable, held: Uint8Array): void {
  try {
    pack.eachKey((bytes, at) => {
      const row = wanted.rowOf(bytes, at);
      if (row >= 0) held[row] = 1;
    });
  } catch {
    // It cannot be read: whoever asks it for a file learns why.
  }
}
