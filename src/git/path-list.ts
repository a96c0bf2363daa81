import { ByteStrings } from "../util/byte-pages.ts";

/** Paths in the order they were added, without an object for each: there may be a million. */
export class PathList implements Iterable<Buffer> {
  readonly #paths = new ByteStrings();
  readonly #places: number[] = [];

  get length(): number {
    return this.#places.length / 2;
  }

  add(path: Uint8Array): void {
    this.#places.push(this.#paths.add(path), path.length);
  }

  /** Views on them. */
  *[Symbol.iterator](): Iterator<Buffer> {
    for (let i = 0; i < this.#places.length; i += 2)
      yield this.#paths.get(this.#places[i] as number, this.#places[i + 1] as number);
  }
}
