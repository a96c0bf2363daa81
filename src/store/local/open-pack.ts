import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writevSync,
} from "node:fs";
import { join } from "node:path";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { onDisk } from "../../error/disk-error.ts";
import { syncFolder, uniqueName, writeAll, writeDurable } from "../../util/durable.ts";
import { shareFile, shareFolder } from "../../util/group-shared.ts";
import { processMark } from "../../util/process-mark.ts";
import { SegmentBuilder } from "../index/segment-builder.ts";
import { packLimit } from "../pack/pack-builder.ts";
import { PackTable } from "../pack/pack-table.ts";
import { packMagic, TableBuilder } from "../pack/table-builder.ts";
import type { CacheLayout } from "./layout.ts";
import { encodedLength, encodeRecord, type PackedFile } from "./pack-log.ts";
import { PlaceTable } from "./place-table.ts";

/** A file and its bytes in one piece; `file.chunks` says how they are cut. */
export interface FileToPack {
  readonly file: PackedFile;
  readonly content: Uint8Array;
}

/**
 * A cache pack that grows: the folder `packs/open-<process>-<random>/` with `data` (magic, frames) and `log` (pack-log.ts).
 * Bytes and record are with the system before `put` returns, so a killed process loses nothing it promised; whoever
 * finds the folder of a dead process finishes it.
 */
export class OpenPack {
  readonly places = new PlaceTable();
  readonly dataPath: string;
  readonly #folder: string;
  readonly #data: number;
  readonly #log: number;
  #end = packMagic.length;
  #logEnd = 0;
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
      shareFolder(folder, layout.packs);
      const data = openSync(join(folder, "data"), "wx+");
      shareFile(data, folder);
      writeAll(data, packMagic);
      const log = openSync(join(folder, "log"), "wx");
      shareFile(log, folder);
      return new OpenPack(folder, data, log);
    });
  }

  fits(size: number, chunks: number): boolean {
    const table = PackTable.tailLength(this.#entries + chunks);
    return this.#entries + chunks <= packLimit.entries && this.#end + size + table <= packLimit.bytes;
  }

  /** Appends files, each with its bytes in one piece. When it throws, the first of them may be there, and none in part. As few as one write can take. */
  put(files: readonly FileToPack[]): void {
    onDisk("store content in", this.#folder, () => {
      try {
        this.#write(files.map(({ content }) => content));
        writeAll(this.#log, Buffer.concat(files.map(({ file }) => encodeRecord(file))), this.#logEnd);
      } catch (error) {
        this.#keepWhole(files);
        throw error;
      }
    });
    for (const one of files) this.#note(one);
  }

  #note({ file, content }: FileToPack): void {
    this.places.add(this.#end, file);
    this.#end += content.length;
    this.#logEnd += encodedLength(file);
    this.#entries += file.chunks.length;
  }

  #write(contents: readonly Uint8Array[]): void {
    const done = writevSync(this.#data, contents, this.#end);
    if (done === contents.reduce((sum, { length }) => sum + length, 0)) return;
    let end = this.#end;
    for (const content of contents) {
      writeAll(this.#data, content, end);
      end += content.length;
    }
  }

  /** Gives the pack its name; it is durable when this returns. The path of the pack; undefined if nothing was put. */
  finish(layout: CacheLayout, hash: ChunkHash): string | undefined {
    closeSync(this.#log);
    try {
      return seal({ folder: this.#folder, data: this.#data, places: this.places }, layout, hash);
    } finally {
      closeSync(this.#data);
    }
  }

  /**
   * What a full disk has cut off goes. Records that came whole stay, since their bytes were there before: another process may have read them by now, and
   * count on what they promise.
   */
  #keepWhole(files: readonly FileToPack[]): void {
    const there = fstatSync(this.#log).size;
    for (const one of files) {
      if (this.#logEnd + encodedLength(one.file) > there) break;
      this.#note(one);
    }
    ftruncateSync(this.#log, this.#logEnd);
    ftruncateSync(this.#data, this.#end);
  }
}

interface Unsealed {
  readonly folder: string;
  readonly data: number;
  readonly places: PlaceTable;
}

/** Order matters: table, index, then the pack's name. Killed before the last step, the folder is still all that is needed. */
export function seal(open: Unsealed, layout: CacheLayout, hash: ChunkHash): string | undefined {
  return onDisk("finish the pack in", open.folder, () => {
    let path: string | undefined;
    if (open.places.size > 0) {
      const { id, frames, tail, index } = describe(open.places, hash);
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

function describe(places: PlaceTable, hash: ChunkHash) {
  const table = new TableBuilder();
  let frames = packMagic.length;
  for (const { size, chunks } of places.files()) {
    for (const { id, length } of chunks) table.add({ id, plainLength: length, storedLength: length, codec: 0 });
    frames += size;
  }
  const { id, tail, size } = table.finish(frames, hash);
  const segment = new SegmentBuilder();
  segment.pack(id, size, table.count);
  let first = 0;
  for (const file of places.files()) {
    const count = file.chunks.length;
    segment.file({ oid: file.oid, size: file.size, pack: 0, first, count, manifest: false });
    first += count;
  }
  return { id, frames, tail, index: segment.finish(hash).bytes };
}
