const digits = 52 / 4;

/** Many git object ids in eight to sixteen bytes each, by their first 52 bits: ids that nobody made up for it are told apart well enough. */
export class BlobSet {
  #table = new Float64Array(1024);
  #count = 0;

  add(oid: string): void {
    const key = keyOf(oid);
    const at = this.#find(key);
    if (this.#table[at] === key) return;
    this.#table[at] = key;
    this.#count += 1;
    if (2 * this.#count > this.#table.length) this.#grow();
  }

  has(oid: string): boolean {
    const key = keyOf(oid);
    return this.#table[this.#find(key)] === key;
  }

  /** Where the key is, or the free place for it. */
  #find(key: number): number {
    const { length } = this.#table;
    let at = key % length;
    while (this.#table[at] !== 0 && this.#table[at] !== key) at = (at + 1) % length;
    return at;
  }

  #grow(): void {
    const old = this.#table;
    this.#table = new Float64Array(2 * old.length);
    for (const key of old) if (key !== 0) this.#table[this.#find(key)] = key;
  }
}

/** Never 0, which is a free place. */
function keyOf(oid: string): number {
  return Number.parseInt(oid.slice(0, digits), 16) + 1;
}
