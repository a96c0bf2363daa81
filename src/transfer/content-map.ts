import type { Cache } from "../store/local/cache.ts";
import { ByteStrings } from "../util/byte-pages.ts";
import { KeyedRows, keyLength } from "../util/keyed-rows.ts";

/** Content that a ref needs in the store. */
export interface WantedContent {
  readonly oid: string;
  readonly size: number;
  /** A path that has it, for messages. */
  readonly path: string;
}

const sizeAt = keyLength;
const pathAt = sizeAt + 8;
const pathLengthAt = pathAt + 4;
/** Bytes of a path that are kept: no file system has longer ones, and a tree that somebody made up may. */
const mostPath = 0xffff;
const rowLength = pathLengthAt + 2;

/** Somebody wrote them by hand: there are few. */
const mostDisputed = 100;

/** Contents by oid, in the order they were added, in some eighty bytes each: a push may have a million. What it gives out is made anew each time. */
export class ContentMap implements ReadonlyMap<string, WantedContent> {
  readonly #rows = new KeyedRows(rowLength);
  readonly #paths = new ByteStrings();
  readonly #disputed: WantedContent[] = [];

  static of(contents: Iterable<WantedContent>): ContentMap {
    const map = new ContentMap();
    for (const one of contents) map.add(one);
    return map;
  }

  get size(): number {
    return this.#rows.count;
  }

  /** Of all of them together. */
  get bytes(): number {
    let sum = 0;
    for (let row = 0; row < this.size; row++) sum += this.sizeOf(row);
    return sum;
  }

  /** Some of those that were added with another size than the first of the same oid: one of the two is wrong. */
  get disputed(): readonly WantedContent[] {
    return this.#disputed;
  }

  /** Unless there is one with this oid: the first counts. */
  add({ oid, size, path }: WantedContent): void {
    const known = this.#rows.find(oid);
    if (known >= 0) {
      if (this.sizeOf(known) !== size && this.#disputed.length < mostDisputed) this.#disputed.push({ oid, size, path });
      return;
    }
    const bytes = Buffer.from(path).subarray(0, mostPath);
    const row = this.#rows.add(oid, known);
    const [page, at] = [this.#rows.page(row), this.#rows.offset(row)];
    page.writeDoubleLE(size, at + sizeAt);
    page.writeUInt32LE(this.#paths.add(bytes), at + pathAt);
    page.writeUInt16LE(bytes.length, at + pathLengthAt);
  }

  /** The content of that number, by the order they were added. */
  at(row: number): WantedContent {
    const [page, at] = [this.#rows.page(row), this.#rows.offset(row)];
    return { oid: this.oid(row), size: page.readDoubleLE(at + sizeAt), path: this.path(row).toString("utf8") };
  }

  /** Its bytes. */
  sizeOf(row: number): number {
    return this.#rows.page(row).readDoubleLE(this.#rows.offset(row) + sizeAt);
  }

  oid(row: number): string {
    return this.#rows.key(row);
  }

  /** A view on its bytes. */
  path(row: number): Buffer {
    const [page, at] = [this.#rows.page(row), this.#rows.offset(row)];
    return this.#paths.get(page.readUInt32LE(at + pathAt), page.readUInt16LE(at + pathLengthAt));
  }

  /** The row of an oid's 32 bytes, which lie at `at`, or -1. */
  rowOf(bytes: Uint8Array, at: number): number {
    return this.#rows.findBytes(bytes, at);
  }

  get(oid: string): WantedContent | undefined {
    const row = this.#rows.find(oid);
    return row < 0 ? undefined : this.at(row);
  }

  /** Those whose oids `is` names, in their order. */
  select(is: (oid: string) => boolean): ContentList {
    const rows = new Uint32Array(this.size);
    let count = 0;
    for (let row = 0; row < this.size; row++) if (is(this.oid(row))) rows[count++] = row;
    return new ContentList(this, rows.subarray(0, count));
  }

  has(oid: string): boolean {
    return this.#rows.find(oid) >= 0;
  }

  *keys(): MapIterator<string> {
    for (let row = 0; row < this.size; row++) yield this.oid(row);
  }

  *values(): MapIterator<WantedContent> {
    for (let row = 0; row < this.size; row++) yield this.at(row);
  }

  *entries(): MapIterator<[string, WantedContent]> {
    for (const one of this.values()) yield [one.oid, one];
  }

  [Symbol.iterator](): MapIterator<[string, WantedContent]> {
    return this.entries();
  }

  forEach(work: (one: WantedContent, oid: string, map: ReadonlyMap<string, WantedContent>) => void): void {
    for (const one of this.values()) work(one, one.oid, this);
  }
}

/** Some of the contents of a map, in an order of their own. */
export class ContentList implements Iterable<WantedContent> {
  readonly #map: ContentMap;
  readonly #rows: Uint32Array;

  constructor(map: ContentMap, rows: Uint32Array) {
    this.#map = map;
    this.#rows = rows;
  }

  get length(): number {
    return this.#rows.length;
  }

  /** Of all of them together. */
  get bytes(): number {
    let sum = 0;
    for (const row of this.#rows) sum += this.#map.sizeOf(row);
    return sum;
  }

  *[Symbol.iterator](): Iterator<WantedContent> {
    for (const row of this.#rows) yield this.#map.at(row);
  }

  /** As objects, some at a time. */
  *lists(files: number): Generator<WantedContent[], void, void> {
    for (let start = 0; start < this.length; start += files)
      yield Array.from(this.#rows.subarray(start, start + files), (row) => this.#map.at(row));
  }

  /** Those that a cache does not have; for few. */
  absentFrom(cache: Pick<Cache, "absentRows">): WantedContent[] {
    return cache.absentRows(this.#map, this.#rows).map((row) => this.#map.at(row));
  }

  /** Those of so many bytes or more; for few. */
  atLeast(size: number): WantedContent[] {
    return this.#filter((row) => this.#map.sizeOf(row) >= size);
  }

  /** All but those with one of these oids. */
  without(oids: ReadonlySet<string>): ContentList {
    return new ContentList(
      this.#map,
      this.#rows.filter((row) => !oids.has(this.#map.oid(row))),
    );
  }

  /** The others of the map. */
  others(): ContentList {
    const isHere = new Uint8Array(this.#map.size);
    for (const row of this.#rows) isHere[row] = 1;
    return new ContentList(
      this.#map,
      Uint32Array.from({ length: isHere.length }, (_, row) => row).filter((row) => !isHere[row]),
    );
  }

  /** In the order of the paths' bytes. Mostly they are already. */
  sortByPath(): void {
    const map = this.#map;
    const order = (a: number, b: number) => map.path(a).compare(map.path(b));
    const isSorted = this.#rows.every((row, i) => i === 0 || order(this.#rows[i - 1] as number, row) <= 0);
    if (!isSorted) this.#rows.sort(order);
  }

  #filter(is: (row: number) => boolean): WantedContent[] {
    const found: WantedContent[] = [];
    for (const row of this.#rows) if (is(row)) found.push(this.#map.at(row));
    return found;
  }
}
