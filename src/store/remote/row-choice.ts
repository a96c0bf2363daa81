import type { PackInfo } from "./pack-info.ts";

/** Which of several rows of a file is to be taken. */
export class RowChoice {
  /** Packs with a tombstone. */
  dead: ReadonlySet<string> = new Set();
  readonly #broken = new Set<string>();

  /** From now on another row of this file is better than the one that says this pack. */
  avoid({ oid, pack }: { readonly oid: string; readonly pack: PackInfo }): void {
    this.#broken.add(`${oid} ${pack.id}`);
  }

  /** Whether any other row would be better. */
  isWorse(oid: string, pack: PackInfo): boolean {
    return this.dead.has(pack.id) || this.#broken.has(`${oid} ${pack.id}`);
  }
}
