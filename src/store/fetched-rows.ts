import { closeSync, constants, fstatSync, readdirSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../util/durable.ts";
import { openPlain, readPlain } from "./plain-file.ts";

/*
 * What came from a store by rows of a segment that stayed there: `index/<store>/.fetched-<segment>`, oids of 32 bytes each. As good as a copy of the segment for
 * these contents, and good for as long: the segment never changes, and when the store has it no more, who may say what became of the contents?
 * Names begin with a dot, so nobody takes them for segments.
 */
const prefix = ".fetched";
const oidSize = 32;

/** A content, and the segment whose row led to it. */
export interface FetchedRow {
  readonly oid: string;
  readonly segment: string;
}

/** Failing to note is harmless: then less is known than is true. */
export function noteFetchedRows(folder: string, rows: readonly FetchedRow[]): void {
  const bySegment = new Map<string, string[]>();
  for (const { oid, segment } of rows) bySegment.set(segment, [...(bySegment.get(segment) ?? []), oid]);
  try {
    makeFolder(folder);
    for (const [segment, oids] of bySegment) appendOids(join(folder, `${prefix}-${segment}`), oids);
  } catch {
    // A full disk is reported by whoever writes data.
  }
}

export function readFetchedRows(folder: string): string[] {
  return namesIn(folder).flatMap((name) => readOids(join(folder, name)));
}

/** Forgets what came by segments that are not among these. */
export function keepFetchedRows(folder: string, segments: { has(id: string): boolean }): void {
  for (const name of namesIn(folder))
    if (!segments.has(name.slice(prefix.length + 1))) rmSync(join(folder, name), { force: true });
}

/** One write for all, so that what two append at once does not mix; a half oid that a crash left is filled up. */
function appendOids(path: string, oids: readonly string[]): void {
  const fd = openPlain(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
  try {
    const torn = fstatSync(fd).size % oidSize;
    writeSync(fd, Buffer.concat([Buffer.alloc(torn === 0 ? 0 : oidSize - torn), Buffer.from(oids.join(""), "hex")]));
  } finally {
    closeSync(fd);
  }
}

function readOids(path: string): string[] {
  try {
    const bytes = readPlain(path);
    return Array.from({ length: Math.floor(bytes.length / oidSize) }, (_, i) =>
      bytes.toString("hex", i * oidSize, (i + 1) * oidSize),
    );
  } catch {
    return [];
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.startsWith(prefix));
  } catch {
    return [];
  }
}
