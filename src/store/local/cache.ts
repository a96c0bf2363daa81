import type { BigIntStats } from "node:fs";
import { LateChunkHash } from "../../chunk/chunk-hash.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { killable } from "../../util/killable.ts";
import type { FetchedRow } from "../fetched-rows.ts";
import { absentRows, type OidTable } from "./absent-rows.ts";
import { type CacheParts, type CacheReport, type CheckOptions, checkCache } from "./check-cache.ts";
import { Ingest, type IngestTarget } from "./ingest.ts";
import { KnownStores } from "./known-stores.ts";
import { LargeFiles } from "./large-files.ts";
import { CacheLayout, wholeFileLimit } from "./layout.ts";
import { type PruneOptions, type PruneReport, pruneCache } from "./prune-cache.ts";
import { ReuseLog } from "./reuse-log.ts";
import type { PackedContent } from "./sealed-pack.ts";
import { type SmallContent, SmallFiles } from "./small-files.ts";
import type { Flushed } from "./sync-queue.ts";
import { clearTemp } from "./trash.ts";
import { UnreadFiles } from "./unread-files.ts";
import { VerifiedLog } from "./verified-log.ts";

/** Content as the cache has it, verified: a path of a whole file, or the bytes of a small one. */
export type CachedContent =
  | { readonly kind: "file"; readonly path: string; readonly size: number }
  | ({ readonly kind: "bytes"; readonly size: number } & PackedContent);

/**
 * The local copy of content, found by oid. Large files lie whole in `files/`, small ones in packs.
 * What it gives out was hashed on this machine since it last changed; what fails is moved to `bad/` and reported.
 * Several processes may use one cache at once.
 */
export class Cache implements IngestTarget {
  readonly layout: CacheLayout;
  readonly #hash = new LateChunkHash();
  readonly #large: LargeFiles;
  readonly #small: SmallFiles;
  readonly #reused: ReuseLog;
  readonly #unread = new UnreadFiles();
  #known: KnownStores | undefined;
  /** Why there is no cache here: it has nothing then, and takes nothing. */
  readonly #unmade: MlgitError | undefined;

  private constructor(root: string, indexBytes?: number) {
    this.layout = new CacheLayout(root);
    this.#unmade = this.layout.prepare();
    clearTemp(this.layout);
    this.#reused = new ReuseLog(this.layout.journal);
    const logs = { verified: new VerifiedLog(this.layout.journal), reused: this.#reused, unread: this.#unread };
    this.#large = new LargeFiles(this.layout, logs);
    this.#small = new SmallFiles(this.layout, this.#hash.hash, { ...logs, indexBytes });
  }

  /** `indexBytes`: of packs' indexes that are held in memory, where not as many as usual. @throws MlgitError kinds `disk`, `denied`, `unsupported`. */
  static async open(root: string, indexBytes?: number): Promise<Cache> {
    const cache = new Cache(root, indexBytes);
    await cache.readyToIngest();
    return cache;
  }

  /** The same for whoever puts nothing into it, or only after `readyToIngest`: one that is nowhere and cannot be made is empty. */
  static async openToRead(root: string, indexBytes?: number): Promise<Cache> {
    const cache = new Cache(root, indexBytes);
    await cache.#hash.likelyReady();
    return cache;
  }

  /** @throws MlgitError kinds `disk` and `denied` where the cache cannot be made. */
  async readyToIngest(): Promise<void> {
    if (this.#unmade) throw this.#unmade;
    await this.#hash.ready();
  }

  /** Bytes of the content if the cache has it (unverified), else undefined. */
  size(oid: string): number | undefined {
    return this.#small.peek.size(oid) ?? this.#large.size(oid) ?? this.#small.size(oid);
  }

  has(oid: string): boolean {
    const { peek } = this.#small;
    return peek.size(oid) !== undefined || this.#large.has(oid) || this.#small.size(oid) !== undefined;
  }

  /** Those of many that the cache does not have: the same as `has` of each, with one look at its packs. */
  absent<T extends { readonly oid: string }>(wanted: readonly T[]): T[] {
    this.#small.packs.look();
    return wanted.filter(({ oid }) => !this.#small.mayHold(oid) && this.#large.size(oid) === undefined);
  }

  /** The same of rows of a table. */
  absentRows(wanted: OidTable, rows: Uint32Array): number[] {
    return absentRows(wanted, rows, { packs: this.#small.packs.sealed(), has: (oid) => this.has(oid) });
  }

  /**
   * Verified content, or undefined when the cache does not have it.
   * @throws MlgitError kind `corrupt` when its copy was damaged; it is then gone from the cache. `disk` and `denied` when the system does not give it: for this
   * object it is gone then.
   */
  get(oid: string): CachedContent | undefined {
    const large = this.#large.verified(oid);
    if (large) return { kind: "file", ...large };
    const small = this.#small.read(oid);
    return small && { kind: "bytes", size: small.content.length, ...small };
  }

  /** What the system did not give so far: what the cache does not have may lie there. Undefined while all was given. */
  get unread(): MlgitError | undefined {
    return this.#unread.problem;
  }

  /** Reads large content once more: false when the system does not give it, and from now on it counts as gone. */
  isReadable(oid: string): boolean {
    return this.#large.isReadable(oid);
  }

  /** Where large content lies that `get` would give out without reading it. */
  knownFile(oid: string): string | undefined {
    return this.#large.known(oid);
  }

  /**
   * Verified bytes of small content that lies where the last one did, for whoever asks for very many; a view that lives until the next call.
   * Undefined says nothing: `get` tells.
   */
  peek(oid: string): Uint8Array | undefined {
    return this.#small.peek.bytes(oid);
  }

  /** To be called while whoever peeks is busy otherwise: makes what will be asked for next ready. */
  prepareNext(): void {
    this.#small.peek.prepareNext();
  }

  /** The same from wherever small content lies, with the ids of its chunks, for a push. */
  peekChunks(oid: string): PackedContent | undefined {
    return this.#small.peek.chunks(oid);
  }

  /** Whether some store had the content too when it was asked last. Asks nobody, so nothing may be left undone or dropped because of it. */
  isElsewhere(oid: string): boolean {
    return this.#knownStores.has(oid);
  }

  /** To be called with what came from a store by segments that stayed there, and is in the cache now. Of small content there is no need: it is never shared. */
  noteFetched(store: string, rows: readonly FetchedRow[]): void {
    this.#knownStores.noteFetched(store, rows);
  }

  /** To be called after the file of a content got another link: that changes its ctime, and not its bytes. @param link what the link says, if known */
  noteShared(oid: string, link?: BigIntStats): void {
    this.#large.noteShared(oid, link);
  }

  /** Begins to take in content of unknown hash. */
  ingest(): Ingest {
    return new Ingest(this);
  }

  /** Stores content below `wholeFileLimit` that was hashed as `oid`. */
  putSmall(oid: string, content: Uint8Array): void {
    assertSmall(content);
    this.#small.put(oid, content);
  }

  /** The same for many: fewer than a thousand. */
  putManySmall(contents: readonly SmallContent[]): void {
    for (const { content } of contents) assertSmall(content);
    this.#small.putAll(contents);
  }

  /** Takes over a finished file in `layout.temp` that was hashed as `oid` while it was written; `fd` is open on it. `flushed`: of its WriteBack, if it had one. */
  adoptLarge(temp: string, fd: number, oid: string, flushed?: Flushed): void {
    this.#large.adopt(temp, fd, oid, flushed);
  }

  /** Reads everything again: checkCache says what comes of it. */
  check(options: CheckOptions): CacheReport {
    return killable(() => checkCache(this.#parts, options));
  }

  /** Removes what may go: pruneCache says how. */
  prune(options: PruneOptions): PruneReport {
    return pruneCache({ ...this.#parts, reused: this.#reused }, options);
  }

  /** Every cached content with its size; what lies in two packs comes twice. */
  *contents(): Iterable<{ readonly oid: string; readonly size: number }> {
    for (const oid of this.#large.oids()) yield { oid, size: this.#large.size(oid) ?? 0 };
    for (const oid of this.#small.oids()) yield { oid, size: this.#small.size(oid) ?? 0 };
  }

  get #knownStores(): KnownStores {
    this.#known ??= new KnownStores(this.layout.index);
    return this.#known;
  }

  get #parts(): CacheParts {
    return { layout: this.layout, hash: this.#hash.hash, large: this.#large, small: this.#small };
  }

  /** Finishes the pack in hand, so that it is read like any other. What is large becomes durable beside what the caller does next: with `flush` or `close`. */
  seal(): void {
    this.#small.flush();
  }

  /** Makes everything that was put durable and gives it its final name. */
  async flush(): Promise<void> {
    this.#small.flush();
    await this.#large.flush();
  }

  /** flush, and lets go of open files. */
  async close(): Promise<void> {
    try {
      this.#small.close();
      await this.#large.flush();
    } finally {
      this.#known?.close();
      this.#reused.close();
    }
  }
}

function assertSmall({ length }: Uint8Array): void {
  if (length >= wholeFileLimit) throw new MlgitError("internal", `${length} bytes as small content`);
}
