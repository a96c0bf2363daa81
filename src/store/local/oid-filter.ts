/** Bits for each oid, of which it sets two: of those that are nowhere, one in seventy or fewer has to be looked for. */
const bitsPerOid = 16;
const firstOids = 4096;

/** What tells its oids, as bytes: a pack of the cache. */
interface OidSource {
  readonly count: number;
  eachKey(visit: (bytes: Uint8Array, at: number) => void): void;
}

/** Says of most oids that none of very many packs has them. As oids are hashes, parts of each are its places. */
export class OidFilter {
  /** Packs whose oids are all in it. */
  #known = new WeakSet<OidSource>();
  #bits = new Uint32Array((firstOids * bitsPerOid) / 32);
  #count = 0;
  readonly #asked = Buffer.alloc(8);

  /** Takes in the oids of those packs that it does not know. Of packs that are gone something may stay, which costs look-ups and nothing else. */
  learn(packs: ReadonlyMap<string, OidSource>): void {
    const fresh = [...packs.values()].filter((pack) => !this.#known.has(pack));
    const count = fresh.reduce((sum, pack) => sum + pack.count, this.#count);
    const fits = count * bitsPerOid <= this.#bits.length * 32;
    if (!fits) this.#beginAnew(count);
    for (const pack of fits ? fresh : packs.values()) {
      this.#mark(pack);
      // Not before: one that could not be read is asked for its oids again.
      this.#known.add(pack);
      this.#count += pack.count;
    }
  }

  #beginAnew(count: number): void {
    this.#bits = new Uint32Array(2 ** Math.ceil(Math.log2((2 * count * bitsPerOid) / 32)));
    this.#known = new WeakSet();
    this.#count = 0;
  }

  mayHave(oid: string): boolean {
    this.#asked.write(oid, 0, 8, "hex");
    return this.#has(wordOf(this.#asked, 0)) && this.#has(wordOf(this.#asked, 4));
  }

  #mark(pack: OidSource): void {
    const bits = this.#bits;
    const mask = bits.length * 32 - 1;
    pack.eachKey((bytes, at) => {
      for (let from = at; from <= at + 4; from += 4) {
        const bit = wordOf(bytes, from) & mask;
        bits[bit >>> 5] = (bits[bit >>> 5] as number) | (1 << (bit & 31));
      }
    });
  }

  #has(word: number): boolean {
    const bit = word & (this.#bits.length * 32 - 1);
    return ((this.#bits[bit >>> 5] as number) & (1 << (bit & 31))) !== 0;
  }
}

function wordOf(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
