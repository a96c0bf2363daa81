/** Bits for each oid: of those that are nowhere, one in sixteen or fewer has to be looked for. */
const bitsPerOid = 16;
const firstOids = 4096;

/** What tells its oids, as bytes: a pack of the cache. */
interface OidSource {
  readonly count: number;
  eachKey(visit: (bytes: Uint8Array, at: number) => void): void;
}

/** Says of most oids that none of very many packs has them. As oids are hashes, a part of each is its place. */
export class OidFilter {
  readonly #known = new WeakSet<OidSource>();
  #bits = new Uint32Array((firstOids * bitsPerOid) / 32);
  #count = 0;
  readonly #asked = Buffer.alloc(4);

  /** Takes in the oids of those packs that it does not know. Of packs that are gone something may stay, which costs look-ups and nothing else. */
  learn(packs: ReadonlyMap<string, OidSource>): void {
    const fresh = [...packs.values()].filter((pack) => !this.#known.has(pack));
    for (const pack of fresh) {
      this.#known.add(pack);
      this.#count += pack.count;
    }
    const fits = this.#count * bitsPerOid <= this.#bits.length * 32;
    if (!fits) this.#bits = new Uint32Array(2 ** Math.ceil(Math.log2((2 * this.#count * bitsPerOid) / 32)));
    for (const pack of fits ? fresh : packs.values()) this.#mark(pack);
  }

  mayHave(oid: string): boolean {
    this.#asked.write(oid, 0, 4, "hex");
    return this.#has(this.#asked.readUInt32LE(0));
  }

  #mark(pack: OidSource): void {
    const bits = this.#bits;
    const mask = bits.length * 32 - 1;
    pack.eachKey((bytes, at) => {
      const word =
        (bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24);
      const bit = word & mask;
      bits[bit >>> 5] = (bits[bit >>> 5] as number) | (1 << (bit & 31));
    });
  }

  #has(word: number): boolean {
    const bit = word & (this.#bits.length * 32 - 1);
    return ((this.#bits[bit >>> 5] as number) & (1 << (bit & 31))) !== 0;
  }
}
