import { packLimit } from "../pack/pack-builder.ts";

/** Of an id: enough among the chunks of one push. */
const keyWords = 4;
const rowWords = keyWords + 1;
const firstRows = 1024;
/** As far as a place fits into a word. */
const mostPacks = 2 ** 32 / packLimit.entries - 2;

/** Where the chunks of a push lie: a hash table in one piece of memory, since there are hundreds of thousands. */
export class PlacedChunks {
  #rows = new Uint32Array(firstRows * rowWords);
  #count = 0;
  /** The key that is looked for. */
  readonly #key = new Uint32Array(keyWords);
  readonly #keyBytes = new Uint8Array(this.#key.buffer);

  /** Remembers the chunk as this entry of the pack of that number. */
  set(id: Uint8Array, pack: number, entry: number): void {
    // What is not remembered is stored twice, and nothing else.
    if (pack > mostPacks) return;
    if (4 * (this.#count + 1) > (3 * this.#rows.length) / rowWords) this.#grow();
    this.#take(id);
    const at = this.#find();
    if (this.#rows[at + keyWords] === 0) this.#count++;
    this.#rows.set(this.#key, at);
    // Zero marks a row that is free.
    this.#rows[at + keyWords] = pack * packLimit.entries + entry + 1;
  }

  get(id: Uint8Array): { readonly pack: number; readonly entry: number } | undefined {
    this.#take(id);
    const place = this.#rows[this.#find() + keyWords] ?? 0;
    if (place === 0) return undefined;
    return { pack: Math.floor((place - 1) / packLimit.entries), entry: (place - 1) % packLimit.entries };
  }

  clear(): void {
    this.#rows = new Uint32Array(firstRows * rowWords);
    this.#count = 0;
  }

  #take(id: Uint8Array): void {
    for (let i = 0; i < 4 * keyWords; i++) this.#keyBytes[i] = id[i] as number;
  }

  /** Where the key's row is, or the free one that it goes to. Ids are hashes: any of their words is as good as a hash of them. */
  #find(): number {
    const rows = this.#rows;
    const key = this.#key;
    const [a, b, c, d] = [key[0] as number, key[1] as number, key[2] as number, key[3] as number];
    const count = rows.length / rowWords;
    for (let row = a % count; ; row = (row + 1) % count) {
      const at = row * rowWords;
      if (rows[at + keyWords] === 0) return at;
      if (rows[at] === a && rows[at + 1] === b && rows[at + 2] === c && rows[at + 3] === d) return at;
    }
  }

  #grow(): void {
    const before = this.#rows;
    this.#rows = new Uint32Array(2 * before.length);
    for (let from = 0; from < before.length; from += rowWords) {
      const place = before[from + keyWords] as number;
      if (place === 0) continue;
      this.#key.set(before.subarray(from, from + keyWords));
      const at = this.#find();
      this.#rows.set(this.#key, at);
      this.#rows[at + keyWords] = place;
    }
  }
}
