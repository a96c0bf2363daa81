import { isMlgitError, systemCode } from "../error/mlgit-error.ts";
import { blobOid } from "../git/blob-pack.ts";
import { StampRows } from "../git/index-stamp.ts";
import type { Repository } from "../git/repository.ts";
import { formatPointer } from "../pointer/pointer.ts";
import type { Cache } from "../store/local/cache.ts";
import { wholeFileLimit } from "../store/local/layout.ts";
import type { Meter } from "../transfer/meter.ts";
import type { Receiver } from "../transfer/receiver.ts";
import type { FileState } from "../util/file-state.ts";
import { longRead } from "../util/hash-file.ts";
import { killable } from "../util/killable.ts";
import type { LinkChanges } from "../util/link-changes.ts";
import { Arrivals } from "./arrivals.ts";
import { type FillContent, fill } from "./fill.ts";
import { statIfHolding } from "./holds-content.ts";
import type { HydrateItem, HydrateQueue } from "./hydrate-queue.ts";
import { PlaceBatch } from "./place-batch.ts";
import { type PlaceRefusal, placeFile } from "./place-file.ts";
import { PrivateCopies } from "./private-copies.ts";

/** Seconds of placing after which signals are heard. */
const turnAfter = 0.2;

/** Placed files that the index is told of together: it is written anew each time, and what is not in it yet is in memory. */
const stampedAtOnce = 262_144;

export interface HydrateTools {
  readonly repository: Repository & { readonly workTree: string };
  readonly cache: Cache;
  readonly meter: Meter;
  /** Called with each list before anything is done with it. */
  begin?(items: readonly HydrateItem[]): Promise<void>;
  /** Brings contents into the cache; the result says why some could not be had. `receiver` is told of what came while it comes. */
  fetch(wanted: readonly HydrateItem[], receiver: Receiver): Promise<ReadonlyMap<string, Error>>;
  /** Whether a path must not be changed, so that it is placed read-only (strict and flexible entities). `blob`: git's id of its pointer. Default: none. */
  isProtected?(path: Buffer, blob: string): boolean;
  /** Tells git's index what the placed files look like, and those with `links` are like now, so that git need not read them. */
  stamp(entries: StampRows, links: LinkChanges): Promise<unknown>;
  /** git's ids of pointers by what they point to, of those that are known: the others are computed. */
  readonly blobs?: ReadonlyMap<string, string> | undefined;
  /** Asked now and then: what is placed by then is stamped. */
  readonly signal?: AbortSignal;
  /** Seconds between that. Default 0.2. */
  readonly turnAfter?: number;
  /** See PlaceBatch. */
  readonly timesOnly?: boolean;
  /** So many, or a list's, in one stamping. Default 262,144. */
  readonly stampedAtOnce?: number;
}

export interface HydrateReport {
  readonly hydrated: number;
  /** Paths that were left as they are: somebody changed them, or they are no plain files any more. */
  readonly left: readonly { readonly path: Buffer; readonly reason: PlaceRefusal }[];
  /** Paths whose content could not be had. They keep their pointers. */
  readonly failed: readonly { readonly path: Buffer; readonly oid: string; readonly error: Error }[];
}

/**
 * Puts the bytes of files in place of their pointers, list by list: what the cache lacks is fetched in one batch, each file is placed only where exactly
 * its pointer is. At the end, and now and then before, the index is stamped. One that fails does not stop the others.
 * @throws MlgitError kinds `disk` and `denied`: the worktree cannot be written.
 */
export async function hydrate(queue: HydrateQueue, tools: HydrateTools): Promise<HydrateReport> {
  tools.meter.total(queue.files, queue.bytes);
  const run = new Run(tools);
  try {
    for (const items of queue.lists()) {
      await tools.begin?.(items);
      const placed = await run.fetch(tools.cache.absent(items));
      await run.again(await run.placeAll(items, placed));
      await run.stamp(tools.stampedAtOnce ?? stampedAtOnce);
    }
  } finally {
    await run.stamp(1);
  }
  return run.report;
}

class Run {
  readonly #tools: HydrateTools;
  #stamps: StampRows;
  #stamped = 0;
  #nextTurn: number;
  #lost = new Map<string, Error>();
  readonly #batch: PlaceBatch;
  /** By path, one character a byte: a later list may have the same path, and then that one counts. */
  readonly #left = new Map<string, { path: Buffer; reason: PlaceRefusal }>();
  readonly #failed: { path: Buffer; oid: string; error: Error }[] = [];

  constructor(tools: HydrateTools) {
    this.#tools = tools;
    this.#nextTurn = process.uptime() + (tools.turnAfter ?? turnAfter);
    this.#stamps = new StampRows(tools.repository.objectFormat);
    this.#batch = new PlaceBatch(tools.repository.workTree, tools.repository.gitDir, tools);
  }

  get report(): HydrateReport {
    return { hydrated: this.#stamped + this.#stamps.length, left: [...this.#left.values()], failed: this.#failed };
  }

  /** Tells the index of what was placed since the last time, if it is so much. */
  async stamp(least: number): Promise<void> {
    if (this.#stamps.length < least) return;
    const rows = this.#stamps;
    this.#stamped += rows.length;
    this.#stamps = new StampRows(this.#tools.repository.objectFormat);
    await this.#tools.stamp(rows, this.#batch.takeLinks());
  }

  /** Brings what the cache lacks of one list. Those that it returns were placed as soon as they came. */
  async fetch(absent: readonly HydrateItem[]): Promise<ReadonlySet<HydrateItem>> {
    const arrivals = new Arrivals(absent, (item, content) => this.#placeContent(item, content));
    const { copyTo, copied } = new PrivateCopies(absent, {
      batch: this.#batch,
      cache: this.#tools.cache,
      isOwn: (item) => !this.#isProtected(item.path, blobOid(this.#tools.repository, formatPointer(item))),
      place: (item, content) => arrivals.takeFor(item, content),
    });
    const { cache, repository } = this.#tools;
    const ownsCache = cache.layout.temp.startsWith(`${repository.commonDir}/`);
    const receiver: Receiver = { arrived: arrivals.take, copyTo, copied, ownsCache };
    this.#lost = new Map(absent.length > 0 ? await this.#tools.fetch(absent, receiver) : []);
    arrivals.check();
    return arrivals.placed;
  }

  /** Returns those whose cached copy was damaged. */
  async placeAll(items: readonly HydrateItem[], placed: ReadonlySet<HydrateItem>): Promise<HydrateItem[]> {
    const damaged: HydrateItem[] = [];
    for (const item of items) {
      if (placed.has(item)) continue;
      if (process.uptime() > this.#nextTurn) await this.#turn();
      this.#batch.areLarge = item.size >= longRead;
      const isPlaced = this.#batch.areLarge ? killable(() => this.place(item)) : this.place(item);
      if (!isPlaced) damaged.push(item);
    }
    return damaged;
  }

  /** What is done without waiting keeps signals from being heard. */
  async #turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#tools.signal?.throwIfAborted();
    this.#nextTurn = process.uptime() + (this.#tools.turnAfter ?? turnAfter);
  }

  /** False when the cached copy turned out to be damaged, or the disk does not give it: it is gone now and can be fetched again. */
  place(item: HydrateItem): boolean {
    const error = this.#lost.get(item.oid);
    if (error) return this.#fail(item, error);
    let content: FillContent | undefined;
    try {
      const small = item.size < wholeFileLimit ? this.#tools.cache.peek(item.oid) : undefined;
      content = small ? { kind: "bytes", content: small } : this.#tools.cache.get(item.oid);
    } catch (thrown) {
      if (
        isMlgitError(thrown) &&
        ["corrupt", "disk", "denied"].includes(thrown.kind) &&
        !this.#tools.cache.has(item.oid)
      )
        return false;
      throw thrown;
    }
    if (!content) return false;
    try {
      this.#placeContent(item, content);
    } catch (thrown) {
      // A prune took it away since: only what a store has goes so. Or what was right is not given any more.
      const { cache } = this.#tools;
      if (cache.has(item.oid) && !(content.kind === "file" && isInputError(thrown) && !cache.isReadable(item.oid)))
        throw thrown;
      return false;
    }
    return true;
  }

  /** Fetches damaged copies anew and tries once more. */
  async again(items: readonly HydrateItem[]): Promise<void> {
    if (items.length === 0) return;
    for (const [oid, error] of await this.#tools.fetch(items, { arrived() {} })) this.#lost.set(oid, error);
    for (const item of items)
      if (!this.place(item)) this.#fail(item, new Error(`sha256:${item.oid} could not be kept in the cache`));
  }

  #placeContent(item: HydrateItem, content: FillContent): void {
    const expected = formatPointer(item);
    const blob = this.#tools.blobs?.get(item.oid) ?? blobOid(this.#tools.repository, expected);
    const readOnly = this.#isProtected(item.path, blob);
    // The only copy of a byte is never shared with the worktree: root ignores read-only bits.
    const mayShare = content.kind === "file" && readOnly && this.#tools.cache.isElsewhere(item.oid);
    let shared: FileState | undefined;
    // git wrote the pointer with the mode that the file is to have.
    const result = placeFile({
      batch: this.#batch,
      path: item.path,
      expected,
      missing: "skip",
      readOnly,
      source:
        content.kind === "bytes"
          ? content.content
          : (temp) => {
              shared = fill(temp, content, mayShare);
            },
    });
    if (shared && result.placed) {
      this.#tools.cache.noteShared(item.oid, result.stat);
      this.#batch.links.note(shared, result.stat);
    }
    const key = item.path.toString("latin1");
    if (this.#left.size > 0) this.#left.delete(key);
    if (result.placed) this.#stamps.add({ path: item.path, blob, stat: result.stat });
    else if (!this.#isPlaced(item, blob, result.reason))
      this.#left.set(key, { path: Buffer.from(item.path), reason: result.reason });
    this.#tools.meter.advance(1, item.size);
  }

  #isProtected(path: Buffer, blob: string): boolean {
    return this.#tools.isProtected?.(path, blob) === true;
  }

  /** Placed by a run that was killed before it could stamp: git calls such a file changed without reading it, since its size is not the pointer's. */
  #isPlaced(item: HydrateItem, blob: string, reason: PlaceRefusal): boolean {
    if (reason !== "modified") return false;
    const file = this.#batch.guard.resolve(item.path, false);
    const stat = typeof file === "string" ? undefined : statIfHolding(file.file, item);
    if (stat) this.#stamps.add({ path: item.path, blob, stat });
    return stat !== undefined;
  }

  #fail(item: HydrateItem, error: Error): true {
    this.#failed.push({ path: Buffer.from(item.path), oid: item.oid, error });
    return true;
  }
}

/** Of the worktree's disk or of the cache's. */
function isInputError(error: unknown): boolean {
  return isMlgitError(error) && systemCode(error.cause) === "EIO";
}
