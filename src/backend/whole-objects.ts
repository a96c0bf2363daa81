/** Bytes of whole objects that are kept: three packs, as many as a reader works on at once. */
const budget = 3 * (64 << 20);

/** Whole objects for a server that has no ranges: each is fetched once while slices of it are wanted; the ones used longest ago go first. */
export class WholeObjects {
  readonly #objects = new Map<string, Promise<Buffer>>();
  readonly #budget: number;
  readonly #sizes = new Map<string, number>();

  constructor(bytes: number = budget) {
    this.#budget = bytes;
  }

  /** The object of that key, by `fetch` if it is not here. Those who ask at the same time share one fetch. */
  async get(key: string, fetch: () => Promise<Buffer>): Promise<Buffer> {
    const known = this.#objects.get(key) ?? fetch();
    this.#objects.delete(key);
    this.#objects.set(key, known);
    try {
      const bytes = await known;
      if (this.#objects.get(key) === known) this.#sizes.set(key, bytes.length);
      this.#makeRoom();
      return bytes;
    } catch (error) {
      if (this.#objects.get(key) === known) this.#forget(key);
      throw error;
    }
  }

  #makeRoom(): void {
    let total = [...this.#sizes.values()].reduce((sum, size) => sum + size, 0);
    for (const key of [...this.#objects.keys()]) {
      const size = this.#sizes.get(key);
      if (total <= this.#budget || size === undefined) continue;
      total -= size;
      this.#forget(key);
    }
  }

  #forget(key: string): void {
    this.#objects.delete(key);
    this.#sizes.delete(key);
  }
}
