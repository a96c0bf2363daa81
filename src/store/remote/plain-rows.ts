import type { PackedFile } from "./packer-types.ts";

const idBytes = 32;
const firstRows = 1024;

/** A file that needs no more than a row of the index: a run of entries of one pack. */
export interface PlainRow {
  readonly oid: string;
  readonly size: number;
  /** The pack's id, or `#<number>`. */
  readonly pack: string;
  readonly first: number;
  readonly count: number;
}

/** Rows that wait for the name of their pack, in columns: an object for each would live just long enough to be expensive. */
export class PlainRows {
  #oids = Buffer.allocUnsafe(firstRows * idBytes);
  readonly #sizes: number[] = [];
  readonly #packs: string[] = [];
  readonly #places: number[] = [];

  add({ oid, size, pack, first, count }: PlainRow): void {
    const at = this.#sizes.length * idBytes;
    if (at === this.#oids.length) this.#oids = Buffer.concat([this.#oids, Buffer.allocUnsafe(at)]);
    this.#oids.write(oid, at, idBytes, "hex");
    this.#sizes.push(size);
    // One string for all of a pack.
    this.#packs.push(this.#packs.at(-1) === pack ? (this.#packs.at(-1) as string) : pack);
    this.#places.push(first, count);
  }

  /** All of them, which are forgotten then. */
  *take(): Generator<PlainRow, void, void> {
    for (let i = 0; i < this.#sizes.length; i++)
      yield {
        oid: this.#oids.toString("hex", i * idBytes, (i + 1) * idBytes),
        size: this.#sizes[i] as number,
        pack: this.#packs[i] as string,
        first: this.#places[2 * i] as number,
        count: this.#places[2 * i + 1] as number,
      };
    for (const column of [this.#sizes, this.#packs, this.#places]) column.length = 0;
  }
}

/** A file of one term needs no manifest. */
export function plainRow({ oid, size, terms: { terms } }: PackedFile): PlainRow | undefined {
  const [only] = terms;
  if (!only || terms.length > 1) return undefined;
  return { oid, size, pack: only.pack, first: only.first, count: only.count };
}
