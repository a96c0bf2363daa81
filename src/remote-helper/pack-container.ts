/* docs/format/remote.md, "Packs" */
import { nameRowSize } from "./named-entries.ts";

/** One pack as git made it. */
export interface Part {
  readonly objects: number;
  readonly size: number;
  /** What its entries are (named-entries.ts); absent where nobody looked. */
  readonly names?: Buffer | undefined;
}

/** Without names. */
const oldMagic = "MLGP";
const magic = "MLGN";
const headSize = 8;

/** Begins with what is no pack of git's. */
export function isContainer(bytes: Buffer): boolean {
  return [magic, oldMagic].includes(bytes.toString("latin1", 0, 4));
}

/** The table before the packs themselves. */
export function containerTable(parts: readonly Part[]): Buffer {
  const table = Buffer.alloc(headSize + 16 * parts.length);
  table.write(magic, "latin1");
  table.writeUInt32BE(parts.length, 4);
  for (const [i, { size, objects, names }] of parts.entries()) {
    table.writeBigUInt64BE(BigInt(size), headSize + i * 16);
    table.writeUInt32BE(objects, headSize + i * 16 + 8);
    table.writeUInt32BE(names ? names.length / nameRowSize : 0, headSize + i * 16 + 12);
  }
  return Buffer.concat([table, ...parts.flatMap(({ names }) => names ?? [])]);
}

/** The packs that follow, and where they begin; undefined for what is no table. `bytes` has to hold all of it. */
export function readTable(bytes: Buffer): { readonly parts: Part[]; readonly end: number } | undefined {
  const rowSize = bytes.toString("latin1", 0, 4) === magic ? 16 : 12;
  const count = bytes.length < headSize ? 0 : bytes.readUInt32BE(4);
  let end = headSize + count * rowSize;
  if (count === 0 || bytes.length < end) return undefined;
  const parts: Part[] = [];
  for (let row = headSize; row < headSize + count * rowSize; row += rowSize) {
    const size = Number(bytes.readBigUInt64BE(row));
    const objects = bytes.readUInt32BE(row + 8);
    const named = rowSize === 16 ? bytes.readUInt32BE(row + 12) : 0;
    if (named !== 0 && named !== objects) return undefined;
    const names = named === 0 ? undefined : bytes.subarray(end, end + named * nameRowSize);
    end += named * nameRowSize;
    parts.push({ size, objects, ...(names ? { names } : {}) });
  }
  return end > bytes.length ? undefined : { parts, end };
}
