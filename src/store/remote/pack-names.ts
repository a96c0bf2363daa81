/** Names of the packs of a push. Until a pack has its own, terms call it `#<number>`. */
export class PackNames {
  readonly #names: string[] = [];
  #last = { number: -1, text: "" };

  /** How many have a name; the number of the pack in hand. */
  get count(): number {
    return this.#names.length;
  }

  /** Gives the next pack its name; returns its number. */
  add(id: string): number {
    return this.#names.push(id) - 1;
  }

  /** What terms call a pack without a name: one string for all of its entries. */
  label(number: number): string {
    if (this.#last.number !== number) this.#last = { number, text: `#${number}` };
    return this.#last.text;
  }

  /** The id that a term means; undefined while the pack has none. */
  idOf(pack: string): string | undefined {
    return pack.startsWith("#") ? this.#names[Number(pack.slice(1))] : pack;
  }
}
