import { hash } from "node:crypto";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { cutsOf } from "../../chunk/gear.ts";
import { isMlgitError, systemCode } from "../../error/mlgit-error.ts";
import { type FileRow, memorySource, Segment } from "../index/segment.ts";
import { PackTable } from "../pack/pack-table.ts";
import { packMagic } from "../pack/table-builder.ts";
import { readPlain } from "../plain-file.ts";

export interface Salvaged {
  readonly oid: string;
  /** A view on the pack's bytes. */
  readonly content: Buffer;
}

/**
 * Every file of a damaged cache pack whose bytes are still right, each proven by hashes. Index and table say the same in two ways, and
 * either alone is enough: files lie in a cache pack one after the other, uncompressed, so sizes give places; and where a chunk does not
 * end at a cut that its content asks for, a file ends.
 */
export function* salvageFiles(packPath: string, hash: ChunkHash): Iterable<Salvaged> {
  const bytes = readOrNothing(packPath);
  if (bytes.length === 0) return;
  const table = readTable(bytes, packPath, hash);
  const seen = new Set<string>();
  for (const content of [...byIndex(bytes, packPath, table), ...(table ? byTable(bytes, table, hash) : [])]) {
    const oid = sha256(content);
    if (!seen.has(oid)) yield { oid, content };
    seen.add(oid);
  }
}

/** The oids that a pack's index names, as far as it can be read. */
export function namedFiles(packPath: string): string[] {
  return readRows(indexOf(packPath)).map((row) => row.oid);
}

function readOrNothing(path: string): Buffer {
  try {
    return readPlain(path);
  } catch (error) {
    if (isMlgitError(error) || systemCode(error) === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

function readTable(bytes: Buffer, path: string, hash: ChunkHash): PackTable | undefined {
  const id = /([0-9a-f]{64})\.pack$/.exec(path)?.[1] ?? "";
  try {
    return PackTable.parseTail(bytes, { id, size: bytes.length }, hash);
  } catch {
    return undefined;
  }
}

function readRows(indexPath: string): FileRow[] {
  const rows: FileRow[] = [];
  try {
    for (const row of Segment.open(memorySource(readOrNothing(indexPath))).eachFile()) rows.push(row);
  } catch {
    // Damaged: what was read so far is as good as any other guess, since each is checked by its hash.
  }
  return rows.sort((a, b) => a.first - b.first);
}

/** A damaged row must not shift those behind it when the table tells better. */
function* byIndex(bytes: Buffer, packPath: string, table: PackTable | undefined): Iterable<Buffer> {
  let end: number = packMagic.length;
  for (const { oid, first, count, size } of readRows(indexOf(packPath))) {
    const start = table && first + count <= table.count ? table.offset(first) : end;
    end = start + size;
    const content = bytes.subarray(start, end);
    if (content.length === size && sha256(content) === oid) yield content;
  }
}

/** Without an index no oid is known, so each chunk of a file must be what its id says. */
function* byTable(bytes: Buffer, table: PackTable, hash: ChunkHash): Iterable<Buffer> {
  let intact = true;
  for (let entry = 0, start = table.offset(0); entry < table.count; entry++) {
    const end = table.offset(entry + 1);
    const chunk = bytes.subarray(table.offset(entry), end);
    intact &&= hash(chunk).equals(table.id(entry));
    if (endsAtCut(chunk)) continue;
    if (intact) yield bytes.subarray(start, end);
    intact = true;
    start = end;
  }
}

/** Whether the chunker would have ended this chunk here though the file went on. */
function endsAtCut(chunk: Buffer): boolean {
  return cutsOf(Buffer.concat([chunk, Buffer.alloc(1)]))[0] === chunk.length;
}

function sha256(bytes: Buffer): string {
  return hash("sha256", bytes, "hex");
}

function indexOf(packPath: string): string {
  return packPath.replace(/\.pack$/, ".idx");
}
