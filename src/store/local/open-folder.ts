import { closeSync, existsSync, fstatSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { onDisk } from "../../error/disk-error.ts";
import { systemCode } from "../../error/mlgit-error.ts";
import { uniqueName } from "../../util/durable.ts";
import { processMark } from "../../util/process-mark.ts";
import { readFully } from "../../util/read-fully.ts";
import { packMagic } from "../pack/table-builder.ts";
import { openPlain } from "../plain-file.ts";
import type { CacheLayout } from "./layout.ts";
import { seal } from "./open-pack.ts";
import { decodeLog, encodedLength } from "./pack-log.ts";
import { type OpenPlace, PlaceTable } from "./place-table.ts";
import type { PackedContent } from "./sealed-pack.ts";

/** What the log of another process's folder promises, as far as the data is really there. Asked again it reads only what came since. */
export class OpenFolder {
  readonly dataPath: string;
  readonly places = new PlaceTable();
  readonly #log: string;
  #read = 0;
  #end = packMagic.length;

  constructor(folder: string) {
    this.dataPath = join(folder, "data");
    this.#log = join(folder, "log");
  }

  /** @throws the system's error when the folder is gone. */
  refresh(): void {
    const available = statSync(this.dataPath).size;
    // Killed between making the two files: nothing was promised yet.
    if (!existsSync(this.#log)) return;
    for (const file of decodeLog(readFrom(this.#log, this.#read))) {
      if (this.#end + file.size > available) break;
      this.places.add(this.#end, file);
      this.#end += file.size;
      this.#read += encodedLength(file);
    }
  }
}

function readFrom(path: string, start: number): Buffer {
  const fd = openPlain(path);
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(fd).size - start));
    return bytes.subarray(0, readFully(fd, bytes, start));
  } finally {
    closeSync(fd);
  }
}

/** The bytes of a file in the data of an open pack, not yet verified. */
export function readPlace(path: string, place: OpenPlace): PackedContent {
  const content = Buffer.alloc(place.file.size);
  const fd = openPlain(path);
  try {
    readFully(fd, content, place.offset);
    return { content, chunks: place.file.chunks };
  } finally {
    closeSync(fd);
  }
}

/**
 * Finishes the pack of a process that died. The folder is claimed by renaming it, so two cannot do it at once.
 * @throws MlgitError kinds `disk` and `denied`, with nothing lost, where it cannot be written; the system's error when somebody else was first.
 */
export function recoverFolder(name: string, layout: CacheLayout, hash: ChunkHash): void {
  const before = join(layout.packs, name);
  const folder = join(layout.packs, `open-${processMark()}-${uniqueName()}`);
  const data = onDisk("finish the pack in", before, () => openData(before));
  try {
    onDisk("finish the pack in", before, () => renameSync(before, folder));
    // Killed after the pack got its name (or before it had any data): nothing is left to do.
    if (data === undefined) rmSync(folder, { recursive: true, force: true });
    else {
      const open = new OpenFolder(folder);
      open.refresh();
      seal({ folder, data, places: open.places }, layout, hash);
    }
  } finally {
    if (data !== undefined) closeSync(data);
  }
}

/** Undefined only where there is none: what cannot be opened now may be the only copy of its bytes. */
function openData(folder: string): number | undefined {
  try {
    return openSync(join(folder, "data"), "r+");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
