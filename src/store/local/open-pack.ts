import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writevSync,
} from "node:fs";
import { join } from "node:path";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { onDisk } from "../../error/disk-error.ts";
import { syncFolder, uniqueName, writeAll, writeDurable } from "../../util/durable.ts";
import { processMark } from "../../util/process-mark.ts";
import { SegmentBuilder } from "../index/segment-builder.ts";
import { packLimit } from "../pack/pack-builder.ts";
import { PackTable } from "../pack/pack-table.ts";
import { packMagic, TableBuilder } from "../pack/table-builder.ts";
import type { CacheLayout } from "./layout.ts";
import { decodeLog, encodeRecord, type PackedFile } from "./pack-log.ts";

/** Where a file's chunks lie in the data of an open pack: they are neighbours, and stored as they are. */
export interface OpenPlace {
  readonly offset: number;
  readonly file: PackedFile;
}

/**
 * A cache pack that grows: the folder `packs/open-<process>-<random>/` with `data` (magic, frames) and `log` (pack-log.ts).
 * Bytes and record are with the system before `put` returns, so a killed process loses nothing it promised; whoever
 * finds the folder of a dead process finishes it.
 */
export class OpenPack {
  readonly places = new Map<string, OpenPlace>();
  readonly dataPath: string;
  readonly #folder: string;
  readonly #data: number;
  readonly #log: number;
  readonly #files: PackedFile[] = [];
  #end = packMagic.length;
  #entries = 0;

  private constructor(folder: string, data: number, log: number) {
    this.#folder = folder;
    this.dataPath = join(folder, "data");
    this.#data = data;
    this.#log = log;
  }

  static create(layout: CacheLayout): OpenPack {
    const folder = join(layout.packs, `open-${processMark()}-${uniqueName()}`);
    return onDisk("begin a pack in", folder, () => {
      mkdirSync(folder);
      const data = openSync(join(folder, "data"), "wx+");
      writeAll(data, packMagic);
      return new OpenPack(folder, data, openSync(join(folder, "log"), "wx"));
    });
  }

  fits(size: number, chunks: number): boolean {
    const table = PackTable.tailLength(this.#entries + chunks);
    return this.#entries + chunks <= packLimit.entries && this.#end + size + table <= packLimit.bytes;
  }

  /** Appends a file. `content` is its bytes in one piece, `chunks` how they are cut. */
  put(file: PackedFile, content: Uint8Array): void {
    onDisk("store content in", this.#folder, () => {
      try {
        if (writevSync(this.#data, [content], this.#end) !== content.length) writeAll(this.#data, content, this.#end);
        writeAll(this.#log, encodeRecord(file));
      } catch (error) {
        this.#forgetTail();
        throw error;
      }
    });
    this.places.set(file.oid, { offset: this.#end, file });
    this.#files.push(file);
    this.#end += content.length;
    this.#entries += file.chunks.length;
  }

  /** Gives the pack its name; it is durable when this returns. The path of the pack; undefined if nothing was put. */
  finish(layout: CacheLayout, hash: ChunkHash): string | undefined {
    closeSync(this.#log);
    try {
      return seal({ folder: this.#folder, data: this.#data, files: this.#files }, layout, hash);
    } finally {
      closeSync(this.#data);
    }
  }

  /** A record that was cut off by a full disk must not be followed by others: they would not be found again. */
  #forgetTail(): void {
    const length = this.#files.reduce((sum, file) => sum + encodeRecord(file).length, 0);
    ftruncateSync(this.#log, length);
    ftruncateSync(this.#data, this.#end);
  }
}

interface Unsealed {
  readonly folder: string;
  readonly data: number;
  readonly files: readonly PackedFile[];
}

/** Order matters: table, index, then the pack's name. Killed before the last step, the folder is still all that is needed. */
function seal(open: Unsealed, layout: CacheLayout, hash: ChunkHash): string | undefined {
  return onDisk("finish the pack in", open.folder, () => {
    let path: string | undefined;
    if (open.files.length > 0) {
      const { id, frames, tail, index } = describe(open.files, hash);
      ftruncateSync(open.data, frames);
      writeAll(open.data, tail, frames);
      fsyncSync(open.data);
      writeDurable(join(layout.packs, `${id}.idx`), index, { temp: layout.temp });
      path = join(layout.packs, `${id}.pack`);
      renameSync(join(open.folder, "data"), path);
      syncFolder(layout.packs);
    }
    rmSync(open.folder, { recursive: true, force: true });
    return path;
  });
}

function describe(files: readonly PackedFile[], hash: ChunkHash) {
  const table = new TableBuilder();
  const rows = files.map((file) => {
    const first = table.count;
    for (const chunk of file.chunks)
      table.add({ id: chunk.id, plainLength: chunk.length, storedLength: chunk.length, codec: 0 });
    return { oid: file.oid, size: file.size, pack: 0, first, count: file.chunks.length, manifest: false };
  });
  const frames = packMagic.length + files.reduce((sum, file) => sum + file.size, 0);
  const { id, tail, size } = table.finish(frames, hash);
  const segment = new SegmentBuilder();
  segment.pack(id, size, table.count);
  for (const row of rows) segment.file(row);
  return { id, frames, tail, index: segment.finish(hash).bytes };
}

/** Reads the folder of another process: what its log promises, as far as the data is really there. */
export function readOpenFolder(folder: string): OpenPlace[] {
  const available = statSync(join(folder, "data")).size;
  const places: OpenPlace[] = [];
  let offset = packMagic.length;
  // Killed between making the two files: nothing was promised yet.
  const log = join(folder, "log");
  for (const file of existsSync(log) ? decodeLog(readFileSync(log)) : []) {
    if (offset + file.size > available) break;
    places.push({ offset, file });
    offset += file.size;
  }
  return places;
}

/** Finishes the pack of a process that died. The folder is claimed by renaming it, so two cannot do it at once. */
export function recoverFolder(name: string, layout: CacheLayout, hash: ChunkHash): void {
  const folder = join(layout.packs, `open-${processMark()}-${uniqueName()}`);
  renameSync(join(layout.packs, name), folder);
  let data: number;
  try {
    data = openSync(join(folder, "data"), "r+");
  } catch {
    // Killed after the pack got its name (or before it had any data): nothing is left to do.
    rmSync(folder, { recursive: true, force: true });
    return;
  }
  try {
    seal({ folder, data, files: readOpenFolder(folder).map((place) => place.file) }, layout, hash);
  } finally {
    closeSync(data);
  }
}
