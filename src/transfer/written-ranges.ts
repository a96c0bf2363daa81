/** Which bytes of a file were written, in any order, none twice. */
export class WrittenRanges {
  /** End by start, of what is not joined to the beginning. */
  readonly #islands = new Map<number, number>();
  #prefix = 0;

  /** How many bytes from the beginning are there without a gap. */
  get prefix(): number {
    return this.#prefix;
  }

  add(start: number, end: number): void {
    this.#islands.set(start, end);
    for (let next = this.#islands.get(this.#prefix); next !== undefined; next = this.#islands.get(this.#prefix)) {
      this.#islands.delete(this.#prefix);
      this.#prefix = next;
    }
  }
}
