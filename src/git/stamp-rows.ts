import { ByteStrings, RowFinder, RowPages } from "../util/byte-pages.ts";
import { commonAt, type FileState, packState, stateLength, unpackState } from "../util/file-state.ts";
import { CommonStates } from "./common-states.ts";
import { hashLengths } from "./index-file.ts";
import type { ObjectFormat } from "./repository.ts";

/** A worktree file that was written by us, whose index entry names its pointer. */
export interface StampEntry {
  /** Raw bytes, relative to the top of the worktree. */
  readonly path: Buffer;
  /**
   * Object name, hex, of the pointer whose content was written, never what the index happens to have: after `git stash pop` they
   * differ, and stamping the index's entry would hide the change.
   */
  readonly blob: string;
  /** Of the file as it was written. */
  readonly stat: FileState;
}

/** Of a row: what is the file's own of its state, then which of the common parts it has. */
const kindAt = commonAt;
const pathAt = kindAt + 4;
const pathLengthAt = pathAt + 4;
const blobAt = pathLengthAt + 4;
const dropped = 0x8000_0000;

/** Files for the index, in sixty-four bytes each, their paths, and four to ten more while they are looked for: there may be a million. Iterating gives them in the order they were added. */
export class StampRows implements Iterable<StampEntry> {
  readonly #hashLength: number;
  readonly #rows: RowPages;
  readonly #paths = new ByteStrings();
  readonly #common = new CommonStates();
  readonly #state = Buffer.alloc(stateLength);
  #finder: RowFinder | undefined;
  readonly #asked = { all: Buffer.alloc(0), start: 0, length: 0 };
  readonly #isAsked = (row: number) => this.#has(row);
  readonly #hashOf = (row: number) => this.#pathHash(row);

  constructor(format: ObjectFormat) {
    this.#hashLength = hashLengths[format];
    this.#rows = new RowPages(blobAt + this.#hashLength);
  }

  static of(entries: Iterable<StampEntry>, format: ObjectFormat): StampRows {
    const rows = new StampRows(format);
    for (const entry of entries) rows.add(entry);
    return rows;
  }

  get length(): number {
    return this.#rows.count;
  }

  add({ path, blob, stat }: StampEntry): void {
    const { page, at } = this.#newRow(path);
    packState(stat, this.#state, 0);
    this.#putState(page, at, this.#state);
    page.write(blob, at + blobAt, this.#hashLength, "hex");
  }

  /** The same from packed bytes: a state, and an object's name. */
  addPacked(path: Uint8Array, state: Uint8Array, blob: Uint8Array): void {
    const { page, at } = this.#newRow(path);
    this.#putState(page, at, state);
    page.set(blob, at + blobAt);
  }

  *[Symbol.iterator](): Iterator<StampEntry> {
    for (let row = 0; row < this.length; row++) {
      const [page, at] = [this.#rows.page(row), this.#rows.offset(row)];
      const blob = page.toString("hex", at + blobAt, at + blobAt + this.#hashLength);
      yield { path: this.#path(row), blob, stat: this.state(row) };
    }
  }

  /** From now on the row is not found: its file is another one. */
  drop(row: number): void {
    const [page, at] = [this.#rows.page(row), this.#rows.offset(row) + pathLengthAt];
    page.writeUInt32LE((page.readUInt32LE(at) | dropped) >>> 0, at);
  }

  setState(row: number, state: FileState): void {
    packState(state, this.#state, 0);
    this.#putState(this.#rows.page(row), this.#rows.offset(row), this.#state);
  }

  state(row: number): FileState {
    const [page, at] = [this.#rows.page(row), this.#rows.offset(row)];
    this.#state.set(page.subarray(at, at + kindAt));
    this.#common.fill(this.#state, page.readUInt32LE(at + kindAt));
    return unpackState(this.#state, 0);
  }

  /** As git's index keeps it. */
  mtimeSeconds(row: number): number {
    const time = this.#rows.page(row).readBigInt64LE(this.#rows.offset(row));
    return Number(BigInt.asUintN(32, time / 1_000_000_000n));
  }

  #putState(page: Buffer, at: number, state: Uint8Array): void {
    page.set(state.subarray(0, commonAt), at);
    page.writeUInt32LE(this.#common.numberOf(state), at + kindAt);
  }

  /** The row of a path, the last one of several, or -1. */
  find(all: Buffer, start: number, end: number): number {
    this.#finder ??= this.#index();
    Object.assign(this.#asked, { all, start, length: end - start });
    return this.#finder.find(hashOf(all, start, end), this.#isAsked);
  }

  /** Whether the blob of a row has the name that `bytes` has from `at` on. */
  names(row: number, bytes: Buffer, at: number): boolean {
    const start = this.#rows.offset(row) + blobAt;
    return this.#rows.page(row).compare(bytes, at, at + this.#hashLength, start, start + this.#hashLength) === 0;
  }

  #newRow(path: Uint8Array): { page: Buffer; at: number } {
    this.#finder = undefined;
    const row = this.#rows.add();
    const [page, at] = [this.#rows.page(row), this.#rows.offset(row)];
    page.writeUInt32LE(this.#paths.add(path), at + pathAt);
    page.writeUInt32LE(path.length, at + pathLengthAt);
    return { page, at };
  }

  #path(row: number): Buffer {
    const [page, at] = [this.#rows.page(row), this.#rows.offset(row)];
    return this.#paths.get(page.readUInt32LE(at + pathAt), page.readUInt32LE(at + pathLengthAt) & ~dropped);
  }

  #has(row: number): boolean {
    const [page, at] = [this.#rows.page(row), this.#rows.offset(row)];
    const { length } = this.#asked;
    return (
      page.readUInt32LE(at + pathLengthAt) === length &&
      this.#paths.isAt(page.readUInt32LE(at + pathAt), length, this.#asked)
    );
  }

  #pathHash(row: number): number {
    const path = this.#path(row);
    return hashOf(path, 0, path.length);
  }

  /** From the last to the first, so that of several with one path the last is found. */
  #index(): RowFinder {
    const finder = new RowFinder();
    for (let row = this.length - 1; row >= 0; row--) {
      const all = this.#path(row);
      Object.assign(this.#asked, { all, start: 0, length: all.length });
      const hash = hashOf(all, 0, all.length);
      if (finder.find(hash, this.#isAsked) < 0) finder.add(row, hash, this.#hashOf);
    }
    return finder;
  }
}

/** FNV-1a. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c_9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x0100_0193);
  return hash >>> 0;
}
