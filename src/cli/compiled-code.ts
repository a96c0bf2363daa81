import { mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Of `/*`, 64 hexadecimal digits of SHA-256 and the end of the comment. */
const idLength = 68;

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
  const { HOME, XDG_CACHE_HOME } = process.env;
  const caches = XDG_CACHE_HOME || (HOME && join(HOME, ".cache"));
  return [join(folder, file), ...(caches ? [join(caches, "mlgit", file)] : [])];
}

/**
 * The first that is whole and belongs to this source. V8 compares the length of the source only and would run whatever a bad disk made of its code. So
 * everything is there twice: comparing takes a tenth of a millisecond, where a checksum takes what Node needs to load zlib, four.
 *
 * File: block, block. Block: length of the names (u16, little-endian), names separated by spaces, id of the source, V8's data.
 */
export function readCompiledCode(places: readonly string[], source: Buffer): CompiledCode | undefined {
  for (const path of places) {
    const bytes = readOrNothing(path);
    const block = bytes?.subarray(0, bytes.length / 2);
    if (!bytes || !block || block.length < 2 || !bytes.subarray(block.length).equals(block)) continue;
    const idAt = 2 + block.readUInt16LE(0);
    const id = sourceId(source);
    if (!block.subarray(idAt, idAt + id.length).equals(id)) continue;
    return { runs: block.toString("utf8", 2, idAt).split(" "), data: block.subarray(idAt + id.length) };
  }
  return undefined;
}

/** Writes to the first place that lets it. That none does is no error: the next start compiles again. */
export function writeCompiledCode(places: readonly string[], source: Buffer, { data, runs }: CompiledCode): void {
  const names = Buffer.from(runs.join(" "));
  const length = Buffer.alloc(2);
  length.writeUInt16LE(names.length);
  const block = Buffer.concat([length, names, sourceId(source), data]);
  places.some((path) => replaceFile(path, Buffer.concat([block, block])));
}

/** The build begins every script with a comment that has its hash. */
function sourceId(source: Buffer): Buffer {
  return source.subarray(0, idLength);
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
