import type { PackInfo } from "./pack-info.ts";

interface Row {
  readonly oid: string;
  readonly pack: PackInfo;
}

/** Which of several rows of a file is to be taken. */
export class RowChoice {
  /** Packs with a tombstone: they can be read while they are there. */
  dead: ReadonlySet<string> = new Set();
  readonly #broken = new Set<string>();

  /** From now on any other row of this file is better than the one that says this pack. False if it was before. */
  avoid({ oid, pack }: Row): boolean {
    const before = this.#broken.size;
    return this.#broken.add(`${oid} ${pack.id}`).size > before;
  }

  /** What was missing may be there again. */
  lookAgain(): void {
    this.#broken.clear();
  }

  /** Whether it is to be taken in place of another row, of those that are equal the first. */
  isBetter(row: Row, before: Row | undefined): boolean {
    return before === undefined || this.#rank(row) < this.#rank(before);
  }

  /** Whether another row may be better. */
  isBad(row: Row): boolean {
    return this.#rank(row) > 0;
  }

  #rank({ oid, pack }: Row): number {
    if (this.#broken.size > 0 && this.#broken.has(`${oid} ${pack.id}`)) return 2;
    return this.dead.has(pack.id) ? 1 : 0;
  }
}
