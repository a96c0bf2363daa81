import type { Receiver } from "../transfer/receiver.ts";
import type { FillContent } from "./fill.ts";

/** Places files while their bytes are in memory: what was verified a moment ago need not be read and hashed again. */
export class Arrivals<T extends { readonly oid: string }> {
  readonly placed = new Set<T>();
  readonly #waiting = new Map<string, T[]>();
  readonly #place: (item: T, content: FillContent) => void;
  #failure: { readonly error: unknown } | undefined;

  constructor(items: readonly T[], place: (item: T, content: FillContent) => void) {
    this.#place = place;
    for (const item of items) {
      const same = this.#waiting.get(item.oid);
      if (same) same.push(item);
      else this.#waiting.set(item.oid, [item]);
    }
  }

  /** What is wrong with the worktree must not be taken for something wrong with a store: `check` throws it. */
  readonly take: Receiver["arrived"] = (oid, content) => {
    for (const item of this.#waiting.get(oid) ?? []) this.takeFor(item, { kind: "bytes", content });
  };

  /** The same of one path only. */
  takeFor(item: T, content: FillContent): void {
    if (this.#failure) return;
    try {
      this.#place(item, content);
      this.placed.add(item);
    } catch (error) {
      this.#failure = { error };
    }
  }

  /** @throws what placing one of them threw */
  check(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
