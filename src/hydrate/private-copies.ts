import type { Buffer } from "node:buffer";
import { rmSync, statSync } from "node:fs";
import type { Cache } from "../store/local/cache.ts";
import { wholeFileLimit } from "../store/local/layout.ts";
import { canReflink, type FillContent } from "./fill.ts";
import type { HydrateItem } from "./hydrate-queue.ts";
import type { PlaceBatch } from "./place-batch.ts";

export interface CopyTools {
  readonly batch: PlaceBatch;
  readonly cache: Cache;
  /** Whether a path is to have bytes of its own, shared with nobody. */
  isOwn(item: HydrateItem): boolean;
  /** Places a path with content that came. Must not throw. */
  place(item: HydrateItem, content: FillContent): void;
}

/**
 * Copies of large files for the worktree that grow while the cache's are hashed, so that nobody reads them again for it. Only where the file system
 * would have to copy the bytes anyway.
 */
export class PrivateCopies {
  readonly #tools: CopyTools;
  /** By oid: the first path that needs one. */
  readonly #waiting = new Map<string, HydrateItem>();
  #reflinks: boolean | undefined;

  constructor(items: readonly HydrateItem[], tools: CopyTools) {
    this.#tools = tools;
    for (const item of items)
      if (item.size >= wholeFileLimit && !this.#waiting.has(item.oid) && tools.isOwn(item))
        this.#waiting.set(item.oid, item);
  }

  readonly copyTo = (oid: string): Buffer | undefined => {
    const item = this.#waiting.get(oid);
    try {
      return item && this.#copyFor(item);
    } catch {
      // What is wrong with the disk is met again where it matters.
      return undefined;
    }
  };

  #copyFor({ path }: HydrateItem): Buffer | undefined {
    const { batch, cache } = this.#tools;
    const target = batch.guard.resolve(path, false);
    if (typeof target === "string") return undefined;
    const copy = batch.copyFor(target.folder);
    // It could not be renamed into the worktree, and would be written for nothing.
    if (statSync(copy.subarray(0, copy.lastIndexOf("/")), { bigint: true }).dev !== target.folder.dev) return undefined;
    this.#reflinks ??= canReflink(cache.layout.temp, copy);
    return this.#reflinks ? undefined : copy;
  }

  readonly copied = (oid: string, copy: Buffer): void => {
    const item = this.#waiting.get(oid);
    const path = this.#tools.cache.knownFile(oid);
    this.#waiting.delete(oid);
    if (item && path !== undefined) this.#tools.place(item, { kind: "file", path, copy });
    // The path was taken by something else meanwhile.
    rmSync(copy, { force: true });
  };
}
