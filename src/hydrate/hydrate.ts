import { lstatSync } from "node:fs";
import { isMlgitError } from "../error/mlgit-error.ts";
import { blobOid } from "../git/blob-pack.ts";
import type { StampEntry } from "../git/index-stamp.ts";
import type { Repository } from "../git/repository.ts";
import { formatPointer } from "../pointer/pointer.ts";
import type { Cache, CachedContent } from "../store/local/cache.ts";
import type { Meter } from "../transfer/meter.ts";
import { fill } from "./fill.ts";
import { statIfHolding } from "./holds-content.ts";
import { PlaceBatch } from "./place-batch.ts";
import { type PlaceRefusal, placeFile } from "./place-file.ts";

/** A path to get its bytes. */
export interface HydrateItem {
  /** Relative to the worktree's top, raw bytes. */
  readonly path: Buffer;
  readonly oid: string;
  readonly size: number;
}

export interface HydrateTools {
  readonly repository: Repository & { readonly workTree: string };
  readonly cache: Cache;
  readonly meter: Meter;
  /** Brings contents into the cache; the result says why some could not be had. */
  fetch(wanted: readonly HydrateItem[]): Promise<ReadonlyMap<string, Error>>;
  /** Whether a path must not be changed, so that it is placed read-only (strict and flexible entities). `blob`: git's id of its pointer. Default: none. */
  isProtected?(path: Buffer, blob: string): boolean;
  /** Tells git's index what the placed files look like, so that git need not read them. */
  stamp(entries: readonly StampEntry[]): Promise<unknown>;
}

export interface HydrateReport {
  readonly hydrated: number;
  /** Paths that were left as they are: somebody changed them, or they are no plain files any more. */
  readonly left: readonly { readonly path: Buffer; readonly reason: PlaceRefusal }[];
  /** Paths whose content could not be had. They keep their pointers. */
  readonly failed: readonly { readonly path: Buffer; readonly oid: string; readonly error: Error }[];
}

/**
 * Puts the bytes of files in place of their pointers: what the cache lacks is fetched in one batch, each file is placed only where exactly
 * its pointer is, and the index is stamped. One that fails does not stop the others.
 * @throws MlgitError kinds `disk` and `denied`: the worktree cannot be written.
 */
export async function hydrate(items: readonly HydrateItem[], tools: HydrateTools): Promise<HydrateReport> {
  const absent = items.filter((item) => !tools.cache.has(item.oid));
  const lost = new Map(absent.length > 0 ? await tools.fetch(absent) : []);
  tools.meter.total(
    items.length,
    items.reduce((sum, item) => sum + item.size, 0),
  );
  const run = new Run(tools, lost);
  try {
    const damaged = items.filter((item) => !run.place(item));
    await run.again(damaged);
  } finally {
    if (run.stamps.length > 0) await tools.stamp(run.stamps);
  }
  return run.report;
}

class Run {
  readonly stamps: StampEntry[] = [];
  readonly #tools: HydrateTools;
  readonly #lost: Map<string, Error>;
  readonly #batch: PlaceBatch;
  readonly #left: { path: Buffer; reason: PlaceRefusal }[] = [];
  readonly #failed: { path: Buffer; oid: string; error: Error }[] = [];

  constructor(tools: HydrateTools, lost: Map<string, Error>) {
    this.#tools = tools;
    this.#lost = lost;
    this.#batch = new PlaceBatch(tools.repository.workTree, tools.repository.gitDir);
  }

  get report(): HydrateReport {
    return { hydrated: this.stamps.length, left: this.#left, failed: this.#failed };
  }

  /** False when the cached copy turned out to be damaged: it is gone now and can be fetched again. */
  place(item: HydrateItem): boolean {
    const error = this.#lost.get(item.oid);
    if (error) return this.#fail(item, error);
    let content: CachedContent | undefined;
    try {
      content = this.#tools.cache.get(item.oid);
    } catch (thrown) {
      if (isMlgitError(thrown) && thrown.kind === "corrupt") return false;
      throw thrown;
    }
    if (!content) return false;
    try {
      this.#placeContent(item, content);
    } catch (thrown) {
      // A prune took it away since: only what a store has goes so.
      if (this.#tools.cache.has(item.oid)) throw thrown;
      return false;
    }
    return true;
  }

  /** Fetches damaged copies anew and tries once more. */
  async again(items: readonly HydrateItem[]): Promise<void> {
    if (items.length === 0) return;
    for (const [oid, error] of await this.#tools.fetch(items)) this.#lost.set(oid, error);
    for (const item of items)
      if (!this.place(item)) this.#fail(item, new Error(`sha256:${item.oid} could not be kept in the cache`));
  }

  #placeContent(item: HydrateItem, content: CachedContent): void {
    const expected = formatPointer(item);
    const blob = blobOid(this.#tools.repository, expected);
    const readOnly = this.#tools.isProtected?.(item.path, blob) === true;
    // The only copy of a byte is never shared with the worktree: root ignores read-only bits.
    const mayShare = readOnly && this.#tools.cache.isElsewhere(item.oid);
    let shared = false;
    const result = placeFile({
      batch: this.#batch,
      path: item.path,
      expected,
      missing: "skip",
      mode: modeOf(this.#tools.repository.workTree, item.path),
      readOnly,
      source: (temp) => {
        shared = fill(temp, content, mayShare);
      },
    });
    if (shared) this.#tools.cache.noteShared(item.oid);
    if (result.placed) this.stamps.push({ path: item.path, blob, stat: result.stat });
    else if (!this.#isPlaced(item, blob, result.reason)) this.#left.push({ path: item.path, reason: result.reason });
    this.#tools.meter.advance(1, item.size);
  }

  /** Placed by a run that was killed before it could stamp: git calls such a file changed without reading it, since its size is not the pointer's. */
  #isPlaced(item: HydrateItem, blob: string, reason: PlaceRefusal): boolean {
    if (reason !== "modified") return false;
    const file = this.#batch.guard.resolve(item.path, false);
    const stat = typeof file === "string" ? undefined : statIfHolding(file.file, item);
    if (stat) this.stamps.push({ path: item.path, blob, stat });
    return stat !== undefined;
  }

  #fail(item: HydrateItem, error: Error): true {
    this.#failed.push({ path: item.path, oid: item.oid, error });
    return true;
  }
}

/** git wrote the pointer with the mode that the file is to have. */
function modeOf(top: string, path: Buffer): 0o644 | 0o755 {
  const stat = lstatSync(Buffer.concat([Buffer.from(`${top}/`), path]), { throwIfNoEntry: false });
  return stat && (stat.mode & 0o100) !== 0 ? 0o755 : 0o644;
}
