import pLimit from "p-limit";
import type { Backend } from "../../backend/backend.ts";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import type { Codec } from "../../chunk/codec.ts";
import { isMlgitError, MlgitError } from "../../error/mlgit-error.ts";
import { StopOnError } from "../../util/stop-on-error.ts";
import { howToMend } from "../how-to-mend.ts";
import { packLimit } from "../pack/pack-format.ts";
import { decodeEntry, decodeUnproven } from "../pack/pack-reader.ts";
import { PackTable } from "../pack/pack-table.ts";
import { type EntryRange, longestRange, planRanges, wantsWhole } from "./entry-plan.ts";
import { EntryStream } from "./entry-stream.ts";
import type { PackInfo } from "./index-copy.ts";
import { loadBytes, loadRange, streamRange } from "./load-bytes.ts";
import { Pace } from "./pace.ts";

/** What a visitor may ask of a pack's table. */
export type EntryTable = Pick<PackTable, "count" | "plainLength"> & Partial<Pick<PackTable, "id">>;

/** Receives entries in no order. A failure concerns the entries it names and no others. */
export interface EntryVisitor {
  /** Comes before the first entry of a pack and may come again: lengths and ids of all its entries. */
  table?(pack: string, table: EntryTable): void;
  /** Asked after `table`, before anything is requested: false for an entry that came in some other way meanwhile. */
  lacks?(pack: string, entry: number): boolean;
  /** Whether it compares each file that entries make with its hash: then entries come unproven. */
  readonly checksFiles?: boolean;
  /** `plain` was verified against its id, unless `checksFiles`, and is a view that lives until this returns. */
  entry(pack: string, entry: number, plain: Uint8Array): void;
  failed(pack: string, entries: readonly number[], error: unknown): void;
  /** Bytes that came over the wire. */
  received?(bytes: number): void;
}

export interface WantedEntries {
  readonly pack: PackInfo;
  /** Ascending, no number twice. */
  readonly entries: readonly number[];
}

export interface ReaderTools {
  readonly backend: Backend;
  readonly hash: ChunkHash;
  readonly codec: Codec;
}

/** Packs that are worked on at once, so that the next table comes while ranges do. */
const packsAtOnce = 6;
/** Ranges that are under way at once. */
const rangesInFlight = 8;
const namesMore = "the index names entries it does not have";
const tablesKept = 16;
/** Bytes: a shorter range is not worth asking for once more because it is slow. */
const worthPace = 1 << 20;

/** Fetches entries of packs by as few requests as pays off, and verifies each. */
export class EntryReader {
  readonly #tools: ReaderTools;
  readonly #tables = new Map<string, PackTable>();
  readonly #ranges = pLimit(rangesInFlight);
  readonly #pace = new Pace();

  constructor(tools: ReaderTools) {
    this.#tools = tools;
  }

  /** Entries come about in the order of the packs, so that a file can be hashed from its beginning while the rest of it comes. */
  async read(wanted: readonly WantedEntries[], visitor: EntryVisitor, signal?: AbortSignal): Promise<void> {
    const limit = pLimit(packsAtOnce);
    const stop = new StopOnError(signal);
    const longest = longestRange(wanted.reduce((sum, { pack, entries }) => sum + shareOf(pack, entries.length), 0));
    let last: Promise<void> = Promise.resolve();
    const reading = wanted.map((one) => {
      const before = last;
      const queue = { before, done: () => {} };
      last = new Promise((resolve) => {
        queue.done = resolve;
      });
      return limit(() =>
        stop.around(this.#readPack({ ...one, queue, longest }, visitor, stop.signal)).finally(queue.done),
      );
    });
    await Promise.all(reading);
    stop.check();
  }

  async #readPack(one: QueuedEntries, visitor: EntryVisitor, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    try {
      if (wantsWhole(one.pack, one.entries.length)) await this.#readWhole(one, visitor, signal);
      else await this.#readRanges(one, visitor, signal);
    } catch (error) {
      stopOn(error, signal);
      visitor.failed(one.pack.id, one.entries, error);
    }
  }

  async #readWhole(
    { pack, entries, queue }: QueuedEntries,
    visitor: EntryVisitor,
    signal?: AbortSignal,
  ): Promise<void> {
    if (pack.size > packLimit.bytes) throw damaged(pack.id, "the index states an impossible size");
    const load = { length: pack.size, signal };
    await queue.before;
    const loading = this.#ranges(() =>
      loadBytes(this.#tools.backend, { type: "pack", name: pack.id }, undefined, load),
    );
    queue.done();
    const bytes = await loading;
    visitor.received?.(bytes.length);
    if (bytes.length !== pack.size) throw damaged(pack.id, `it has ${bytes.length} bytes and not ${pack.size}`);
    const table = this.#keep(pack, bytes.subarray(bytes.length - PackTable.tailLength(pack.count)));
    visitor.table?.(pack.id, table);
    for (const entry of entries)
      if (entry < table.count) {
        const start = table.offset(entry);
        this.#decode(entry, bytes.subarray(start, start + table.storedLength(entry)), { table, pack, visitor });
      } else visitor.failed(pack.id, [entry], damaged(pack.id, namesMore));
  }

  async #readRanges(
    { pack, entries, queue, longest }: QueuedEntries,
    visitor: EntryVisitor,
    signal?: AbortSignal,
  ): Promise<void> {
    const table = this.#tables.get(pack.id) ?? (await this.#loadTable(pack, visitor, signal));
    if ((entries.at(-1) ?? 0) >= table.count) throw damaged(pack.id, namesMore);
    visitor.table?.(pack.id, table);
    const lacking = entries.filter((entry) => visitor.lacks?.(pack.id, entry) ?? true);
    await queue.before;
    const reading = planRanges(table, lacking, longest).map((range) =>
      this.#ranges(() => this.#readRange(range, { table, pack, visitor, signal })),
    );
    queue.done();
    // All, so that nothing is still under way when the first error is told.
    for (const result of await Promise.allSettled(reading)) if (result.status === "rejected") throw result.reason;
  }

  async #readRange(range: EntryRange, on: Decoding & { readonly signal: AbortSignal | undefined }) {
    const { pack, table, visitor, signal } = on;
    signal?.throwIfAborted();
    const stream = new EntryStream(range, table, (entry, stored) => this.#decode(entry, stored, on));
    try {
      const handle = { type: "pack", name: pack.id } as const;
      const paced = range.end - range.start >= worthPace ? { pace: this.#pace } : {};
      const options = { signal, ...paced };
      const came = await streamRange(this.#tools.backend, handle, range, (part) => stream.add(part), options);
      visitor.received?.(came);
      stream.end();
    } catch (error) {
      stopOn(error, signal);
      visitor.failed(pack.id, stream.rest, error);
    } finally {
      stream.release();
    }
  }

  async #loadTable(pack: PackInfo, visitor: EntryVisitor, signal?: AbortSignal): Promise<PackTable> {
    const start = pack.size - PackTable.tailLength(pack.count);
    if (start < 0) throw damaged(pack.id, "the index states an impossible size");
    const handle = { type: "pack", name: pack.id } as const;
    const tail = await loadRange(this.#tools.backend, handle, { start, end: pack.size }, { signal });
    visitor.received?.(tail.length);
    return this.#keep(pack, tail);
  }

  #keep(pack: PackInfo, tail: Uint8Array): PackTable {
    // A copy, so that a table does not hold a whole pack in memory.
    const table = PackTable.parseTail(Buffer.from(tail), pack, this.#tools.hash);
    if (this.#tables.size >= tablesKept) this.#tables.delete(this.#tables.keys().next().value ?? "");
    this.#tables.set(pack.id, table);
    return table;
  }

  #decode(entry: number, stored: Uint8Array, { table, pack, visitor }: Decoding): void {
    let plain: Uint8Array;
    try {
      plain = visitor.checksFiles
        ? decodeUnproven(stored, table, entry, this.#tools.codec)
        : decodeEntry(stored, table, entry, this.#tools);
    } catch (error) {
      visitor.failed(pack.id, [entry], error);
      return;
    }
    visitor.entry(pack.id, entry, plain);
  }
}

interface QueuedEntries extends WantedEntries {
  /** `before` resolves when the requests of the packs before are lined up; `done` says so of this one's. Harmless again. */
  readonly queue: { readonly before: Promise<void>; readonly done: () => void };
  /** Bytes of a range. */
  readonly longest: number;
}

interface Decoding {
  readonly table: PackTable;
  readonly pack: PackInfo;
  readonly visitor: EntryVisitor;
}

/** Bytes that so many entries of a pack have, about. */
function shareOf({ size, count }: PackInfo, entries: number): number {
  return (size * entries) / Math.max(1, count);
}

/** What is wrong with the local disk, or with this program, is not the store's fault: it ends the whole read. */
function stopOn(error: unknown, signal?: AbortSignal): void {
  signal?.throwIfAborted();
  if (!isMlgitError(error) || error.kind === "disk") throw error;
}

function damaged(pack: string, reason: string): MlgitError {
  const path = `packs/${pack.slice(0, 2)}/${pack}`;
  return new MlgitError("corrupt", `${path} is damaged: ${reason}`, {
    path,
    hint: howToMend,
  });
}
