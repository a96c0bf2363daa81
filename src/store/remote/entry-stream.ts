import type { PackTable } from "../pack/pack-table.ts";
import type { EntryRange } from "./entry-plan.ts";

/** Bytes that are gathered before entries are handed out: they stay in a core's own cache until whoever takes them has written them. */
const windowSize = 512 << 10;
/** Free windows: fresh ones would make Node collect garbage all the time. One store after another uses them. */
const spareWindows: Buffer[] = [];
const mostSpare = 8;
/** Bytes of a part from which on its entries are handed out of it, and not of the window. */
const largePart = 128 << 10;

/** Where entries lie in their pack. */
export type StoredPlaces = Pick<PackTable, "offset" | "storedLength">;

/** Hands out the entries of a range while its bytes come, part by part. */
export class EntryStream {
  readonly #range: EntryRange;
  readonly #table: StoredPlaces;
  readonly #take: (entry: number, stored: Uint8Array) => void;
  readonly #window: Buffer;
  /** Where in the pack the first byte lies that is still needed, and how many bytes from there on are in the window. */
  #from: number;
  #filled = 0;
  /** Index of the first entry that was not handed out. */
  #next = 0;

  /** `take` gets what is stored of an entry, a view that lives until it returns; of one that the range does not bring whole, less. Ends with `release`. */
  constructor(range: EntryRange, table: StoredPlaces, take: (entry: number, stored: Uint8Array) => void) {
    this.#range = range;
    this.#table = table;
    this.#take = take;
    this.#from = range.start;
    const longest = range.entries.reduce((most, entry) => Math.max(most, table.storedLength(entry)), 0);
    this.#window = longest > windowSize ? Buffer.allocUnsafeSlow(longest) : takeWindow();
  }

  /** Entries that were not handed out. */
  get rest(): readonly number[] {
    return this.#range.entries.slice(this.#next);
  }

  /** The next bytes of the range. */
  add(part: Uint8Array): void {
    for (let at = 0; at < part.length; ) {
      const isLarge = part.length - at >= largePart;
      if (isLarge) this.#empty();
      if (isLarge && this.#filled === 0) at += this.#pass(this.#handOut(part.subarray(at)));
      // What follows the entry in hand need not be copied.
      const wanted = isLarge ? this.#endOfNext() - this.#from - this.#filled : part.length;
      const taken = Math.min(part.length - at, this.#window.length - this.#filled, wanted);
      this.#window.set(part.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled === this.#window.length || taken === wanted) this.#empty();
    }
  }

  /** No more bytes come: hands out what is left, whole or not. */
  end(): void {
    this.#empty();
    const bytes = this.#window.subarray(0, this.#filled);
    while (this.#next < this.#range.entries.length) this.#handOutNext(bytes);
  }

  /** Gives the window back. */
  release(): void {
    if (this.#window.length === windowSize && spareWindows.length < mostSpare) spareWindows.push(this.#window);
  }

  /** The beginning of the entry that is not whole stays. */
  #empty(): void {
    const done = this.#pass(this.#handOut(this.#window.subarray(0, this.#filled)));
    this.#window.copyWithin(0, done, this.#filled);
    this.#filled -= done;
  }

  /** Hands out what is whole in bytes that come from `#from` on; returns how many of them are needed no more. */
  #handOut(bytes: Uint8Array): number {
    while (this.#endOfNext() <= this.#from + bytes.length) this.#handOutNext(bytes);
    return Math.min(bytes.length, Math.max(0, this.#beginOfNext() - this.#from));
  }

  #handOutNext(bytes: Uint8Array): void {
    const start = this.#beginOfNext() - this.#from;
    const end = this.#endOfNext() - this.#from;
    const entry = this.#range.entries[this.#next++] as number;
    this.#take(entry, bytes.subarray(start, end));
  }

  #pass(bytes: number): number {
    this.#from += bytes;
    return bytes;
  }

  #beginOfNext(): number {
    const entry = this.#range.entries[this.#next];
    return entry === undefined ? Number.POSITIVE_INFINITY : this.#table.offset(entry);
  }

  #endOfNext(): number {
    const entry = this.#range.entries[this.#next];
    return entry === undefined ? Number.POSITIVE_INFINITY : this.#table.offset(entry) + this.#table.storedLength(entry);
  }
}

function takeWindow(): Buffer {
  return spareWindows.pop() ?? Buffer.allocUnsafeSlow(windowSize);
}
