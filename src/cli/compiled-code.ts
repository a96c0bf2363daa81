import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

/** Of `/*`, 64 hexadecimal digits of SHA-256 and the end of the comment. */
const idLength = 68;

/** V8's compiled form of a source, and the names of the runs that it was gathered from (a name may be there several times). */
export interface CompiledCode {
  readonly data: Buffer;
  readonly runs: readonly string[];
}

/** What is older was left by somebody who was killed, in milliseconds. */
const abandonedMs = 3_600_000;

/**
 * Where compiled code of a source is looked for and kept: beside the source, or, where that folder is not ours to write, in the user's cache. What can be
 * written comes first: else the first one that was found there would be gathered on for ever, and never change. Each version of V8 has a file of its own.
 */
export function compiledCodePlaces(folder: string, name: string): Iterable<string> {
  const file = `${name}-${process.versions.v8}-${process.arch}.code`;
  return { [Symbol.iterator]: () => placesOf(folder, file) };
}

/** Most find it in the first place, and never ask whose the second is. */
function* placesOf(folder: string, file: string): Generator<string, void, void> {
  const isFirst = isWritable(folder);
  if (isFirst) yield join(folder, file);
  const cache = userCache();
  if (cache !== undefined) yield join(cache, file);
  if (!isFirst) yield join(folder, file);
}

/** Code is run: none from a folder that depends on where we were started, nor from another user's, who may have called us by sudo. */
function userCache(): string | undefined {
  const { HOME, XDG_CACHE_HOME } = process.env;
  const parent = [XDG_CACHE_HOME, HOME && join(HOME, ".cache")].find((path) => path?.startsWith("/"));
  const folder = parent && join(parent, "mlgit");
  return folder && isOurs(folder) ? folder : undefined;
}

/** Of a folder that is not there yet the nearest one above it counts. */
function isOurs(folder: string): boolean {
  try {
    const stat = statSync(folder, { throwIfNoEntry: false });
    return stat ? stat.uid === (process.geteuid?.() ?? stat.uid) : folder !== "/" && isOurs(dirname(folder));
  } catch {
    return false;
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The first that is whole and belongs to this source. V8 compares the length of the source only and would run whatever a bad disk made of its code. So
 * everything is there twice: comparing takes a tenth of a millisecond, where a checksum takes what Node needs to load zlib, four.
 *
 * File: block, block. Block: length of the names (u16, little-endian), names separated by spaces, id of the source, V8's data.
 */
export function readCompiledCode(places: Iterable<string>, source: Buffer): CompiledCode | undefined {
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
export function writeCompiledCode(places: Iterable<string>, source: Buffer, { data, runs }: CompiledCode): void {
  const names = Buffer.from(runs.join(" "));
  const length = Buffer.alloc(2);
  length.writeUInt16LE(names.length);
  const block = Buffer.concat([length, names, sourceId(source), data]);
  const bytes = Buffer.concat([block, block]);
  for (const path of places) if (replaceFile(path, bytes)) return;
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
  // Others may have the same process id, in a container.
  const temporary = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    sweep(path);
    // Whatever the umask is, nobody else may write what we run.
    writeFileSync(temporary, bytes, { mode: 0o644 });
    renameSync(temporary, path);
    return true;
  } catch {
    remove(temporary);
    return false;
  }
}

/** Removes what was left of the same file. */
function sweep(path: string): void {
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(`${basename(path)}.`) || !name.endsWith(".tmp")) continue;
    const left = join(dirname(path), name);
    if (Date.now() - (statSync(left, { throwIfNoEntry: false })?.mtimeMs ?? 0) > abandonedMs) remove(left);
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was never made, or is gone.
  }
}
