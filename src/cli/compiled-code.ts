import { mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";

const sumLength = 8;

/** V8's compiled form of a source, and the names of the runs that it was gathered from (a name may be there several times). */
export interface CompiledCode {
  readonly data: Buffer;
  readonly runs: readonly string[];
}

/**
 * Where compiled code of a source is looked for and kept: beside the source, or, where that folder is not ours to write, in the user's cache. Each
 * version of V8 has a file of its own.
 */
export function compiledCodePlaces(folder: string, name: string): readonly string[] {
  const file = `${name}-${process.versions.v8}-${process.arch}.code`;
  return [join(folder, file), join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "mlgit", file)];
}

/**
 * The first that is whole and belongs to this source: V8 itself compares the source's length only.
 *
 * File, little-endian: CRC-32 of the source, CRC-32 of the rest, length of the names (u16), names separated by spaces, V8's data.
 */
export function readCompiledCode(places: readonly string[], source: Buffer): CompiledCode | undefined {
  for (const path of places) {
    const bytes = readOrNothing(path);
    if (!bytes || bytes.length < sumLength + 2) continue;
    const rest = bytes.subarray(sumLength);
    if (!sums(source, rest).equals(bytes.subarray(0, sumLength))) continue;
    const start = 2 + rest.readUInt16LE(0);
    return { runs: rest.toString("utf8", 2, start).split(" "), data: rest.subarray(start) };
  }
  return undefined;
}

/** Writes to the first place that lets it. That none does is no error: the next start compiles again. */
export function writeCompiledCode(places: readonly string[], source: Buffer, { data, runs }: CompiledCode): void {
  const names = Buffer.from(runs.join(" "));
  const length = Buffer.alloc(2);
  length.writeUInt16LE(names.length);
  const rest = Buffer.concat([length, names, data]);
  const bytes = Buffer.concat([sums(source, rest), rest]);
  places.some((path) => replaceFile(path, bytes));
}

function sums(source: Buffer, rest: Buffer): Buffer {
  const both = Buffer.alloc(sumLength);
  both.writeUInt32LE(crc32(source), 0);
  both.writeUInt32LE(crc32(rest), 4);
  return both;
}

function readOrNothing(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** Others read and write the same file: they see the one before or this one. */
function replaceFile(path: string, bytes: Buffer): boolean {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, bytes);
    renameSync(temporary, path);
    return true;
  } catch {
    try {
      unlinkSync(temporary);
    } catch {
      // It was never made.
    }
    return false;
  }
}
