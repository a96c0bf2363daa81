import { ByteStrings } from "../util/byte-pages.ts";

/** Paths, or other short pieces of bytes, in the order they were added, without an object for each: there may be a million. */
export class ByteList implements Iterable<Buffer> {
  readonly #bytes = new ByteStrings();
  readonly #places: number[] = [];

  get length(): number {
    return this.#places.length / 2;
  }

  add(bytes: Uint8Array): void {
    this.#places.push(this.#bytes.add(bytes), bytes.length);
  }

  /** Views on them. */
  *[Symbol.iterator](): Iterator<Buffer> {
    for (let i = 0; i < this.#places.length; i += 2)
      yield this.#bytes.get(this.#places[i] as number, this.#places[i + 1] as number);
  }
}
