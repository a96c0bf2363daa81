import { closeSync, existsSync, fstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { makeFolder, writeDurable, writeWhole } from "../../util/durable.ts";
import { ChunkFilter } from "../index/chunk-filter.ts";
import { fileSource, memorySource, Segment } from "../index/segment.ts";
import { openPlain, readPlain } from "../plain-file.ts";

const idPattern = /^[0-9a-f]{64}$/;
const filterOf = (id: string) => `.filter-${id}`;
/** Beside the segments; its name begins with a dot, so nobody takes it for one. */
const notesName = ".checked";
/** Segments up to this size are held in memory, and hashed whenever they are opened. */
export const smallSegment = 1 << 20;

/**
 * The copies of a store's index segments in one folder. A copy is proven by its name; a large one, of which look-ups read only a little, is not hashed again
 * while its size, times and inode are those that it had then.
 */
export class SegmentFiles {
  readonly #folder: string;
  readonly #hash: ChunkHash;
  readonly #fds = new Map<string, number>();
  #notes: Record<string, string> | undefined;

  constructor(folder: string, hash: ChunkHash) {
    this.#folder = folder;
    this.#hash = hash;
  }

  ids(): Set<string> {
    makeFolder(this.#folder);
    return new Set(readdirSync(this.#folder).filter((name) => idPattern.test(name)));
  }

  /** Undefined for a copy that is damaged or gone. */
  open(id: string): Segment | undefined {
    let fd: number | undefined;
    try {
      fd = openPlain(join(this.#folder, id));
      return this.#opened(id, fd);
    } catch {
      if (fd !== undefined && this.#fds.get(id) !== fd) closeSync(fd);
      return undefined;
    }
  }

  /** Stores a segment; undefined if the bytes are not those of that name. */
  put(id: string, bytes: Uint8Array): Segment | undefined {
    const segment = this.#verified(id, bytes);
    if (!segment) return undefined;
    makeFolder(this.#folder);
    writeDurable(join(this.#folder, id), bytes);
    if (bytes.length <= smallSegment) return segment;
    const fd = openPlain(join(this.#folder, id));
    this.#note(id, fd);
    // While its rows are in memory: later it would have to be read once more.
    this.filter(id, segment);
    return this.#keep(id, fd);
  }

  remove(id: string): void {
    this.close(id);
    for (const name of [id, filterOf(id)]) rmSync(join(this.#folder, name), { force: true });
  }

  /** The filter of a large segment's chunks, kept beside it. A wrong one costs a chunk that is stored twice, so nothing proves it. */
  filter(id: string, segment: Segment): ChunkFilter {
    const path = join(this.#folder, filterOf(id));
    const kept = existsSync(path) ? ChunkFilter.from(readFileSync(path), segment) : undefined;
    if (kept) return kept;
    const made = ChunkFilter.of(segment);
    try {
      writeWhole(path, made.bytes);
    } catch {
      // Made again the next time.
    }
    return made;
  }

  /** Lets go of the file of a segment that is not used any more. */
  close(id: string): void {
    const fd = this.#fds.get(id);
    this.#fds.delete(id);
    if (fd !== undefined) closeSync(fd);
  }

  #opened(id: string, fd: number): Segment | undefined {
    const { size } = fstatSync(fd);
    if (size <= smallSegment) {
      const segment = this.#verified(id, readFileSync(fd));
      closeSync(fd);
      return segment;
    }
    if (this.#readNotes()[id] !== stateOf(fd)) {
      Segment.open(fileSource(fd, size), id).verify(this.#hash, id);
      this.#note(id, fd);
    }
    return this.#keep(id, fd);
  }

  #keep(id: string, fd: number): Segment {
    this.close(id);
    this.#fds.set(id, fd);
    return Segment.open(fileSource(fd, fstatSync(fd).size), id);
  }

  #verified(id: string, bytes: Uint8Array): Segment | undefined {
    try {
      const segment = Segment.open(memorySource(bytes), id);
      segment.verify(this.#hash, id);
      return segment;
    } catch {
      return undefined;
    }
  }

  #readNotes(): Record<string, string> {
    this.#notes ??= readNotes(join(this.#folder, notesName));
    return this.#notes;
  }

  /** Two processes may write at once: what one loses is hashed once more. */
  #note(id: string, fd: number): void {
    const path = join(this.#folder, notesName);
    const present = this.ids();
    const others = Object.entries(readNotes(path)).filter(([other]) => present.has(other));
    this.#notes = { ...Object.fromEntries(others), [id]: stateOf(fd) };
    try {
      writeWhole(path, Buffer.from(JSON.stringify(this.#notes)));
    } catch {
      // Hashed again the next time.
    }
  }
}

/** The error for a segment that the store itself has not right. */
export function damagedInStore(id: string, location: string): MlgitError {
  return new MlgitError("corrupt", `the index segment index/${id} of ${location} is damaged`, {
    path: `index/${id}`,
    hint: "run `git mlgit fsck --store --fix` in a clone that has the data: it writes the index anew",
  });
}

function stateOf(fd: number): string {
  const { size, mtimeNs, ctimeNs, ino } = fstatSync(fd, { bigint: true });
  return [size, mtimeNs, ctimeNs, ino].join(" ");
}

function readNotes(path: string): Record<string, string> {
  try {
    const notes: unknown = JSON.parse(readPlain(path).toString());
    return typeof notes === "object" && notes !== null ? (notes as Record<string, string>) : {};
  } catch {
    return {};
  }
}
