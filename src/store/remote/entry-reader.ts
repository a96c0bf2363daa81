import pLimit from "p-limit";
import type { Backend } from "../../backend/backend.ts";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import type { Codec } from "../../chunk/codec.ts";
import { isMlgitError, MlgitError } from "../../error/mlgit-error.ts";
import { howToMend } from "../how-to-mend.ts";
import { packLimit } from "../pack/pack-format.ts";
import { decodeEntry } from "../pack/pack-reader.ts";
import { PackTable } from "../pack/pack-table.ts";
import { type EntryRange, planRanges, wantsWhole } from "./entry-plan.ts";
import type { PackInfo } from "./index-copy.ts";
import { loadBytes } from "./load-bytes.ts";

/** What a visitor may ask of a pack's table. */
export type EntryTable = Pick<PackTable, "count" | "plainLength">;

/** Receives entries in no order. A failure concerns the entries it names and no others. */
export interface EntryVisitor {
  /** Comes before the first entry of a pack and may come again: lengths and ids of all its entries. */
  table?(pack: string, table: EntryTable): void;
  /** `plain` was verified against its id and is a view that lives until this returns. */
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

/** Loads in flight: each holds at most one pack in memory. */
const loadsInFlight = 3;
const tablesKept = 64;

/** Fetches entries of packs by as few requests as pays off, and verifies each. */
export class EntryReader {
  readonly #tools: ReaderTools;
  readonly #tables = new Map<string, PackTable>();

  constructor(tools: ReaderTools) {
    this.#tools = tools;
  }

  async read(wanted: readonly WantedEntries[], visitor: EntryVisitor, signal?: AbortSignal): Promise<void> {
    const limit = pLimit(loadsInFlight);
    await Promise.all(wanted.map((one) => limit(() => this.#readPack(one, visitor, signal))));
  }

  async #readPack(one: WantedEntries, visitor: EntryVisitor, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    try {
      if (wantsWhole(one.pack, one.entries.length)) await this.#readWhole(one, visitor, signal);
      else await this.#readRanges(one, visitor, signal);
    } catch (error) {
      stopOn(error, signal);
      visitor.failed(one.pack.id, one.entries, error);
    }
  }

  async #readWhole({ pack, entries }: WantedEntries, visitor: EntryVisitor, signal?: AbortSignal): Promise<void> {
    if (pack.size > packLimit.bytes) throw damaged(pack.id, "the index states an impossible size");
    const bytes = await loadBytes(this.#tools.backend, { type: "pack", name: pack.id }, undefined, {
      length: pack.size,
      signal,
    });
    visitor.received?.(bytes.length);
    if (bytes.length !== pack.size) throw damaged(pack.id, `it has ${bytes.length} bytes and not ${pack.size}`);
    const table = this.#keep(pack, bytes.subarray(bytes.length - PackTable.tailLength(pack.count)));
    visitor.table?.(pack.id, table);
    this.#decode({ start: 0, end: bytes.length, entries }, { bytes, table, pack, visitor });
  }

  async #readRanges({ pack, entries }: WantedEntries, visitor: EntryVisitor, signal?: AbortSignal): Promise<void> {
    const table = this.#tables.get(pack.id) ?? (await this.#loadTable(pack, visitor, signal));
    if ((entries.at(-1) ?? 0) >= table.count) throw damaged(pack.id, "the index names entries it does not have");
    visitor.table?.(pack.id, table);
    for (const range of planRanges(table, entries)) {
      signal?.throwIfAborted();
      try {
        const bytes = await loadBytes(this.#tools.backend, { type: "pack", name: pack.id }, range, { signal });
        visitor.received?.(bytes.length);
        this.#decode(range, { bytes, table, pack, visitor });
      } catch (error) {
        stopOn(error, signal);
        visitor.failed(pack.id, range.entries, error);
      }
    }
  }

  async #loadTable(pack: PackInfo, visitor: EntryVisitor, signal?: AbortSignal): Promise<PackTable> {
    const start = pack.size - PackTable.tailLength(pack.count);
    if (start < 0) throw damaged(pack.id, "the index states an impossible size");
    const tail = await loadBytes(
      this.#tools.backend,
      { type: "pack", name: pack.id },
      { start, end: pack.size },
      { signal },
    );
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

  #decode(range: EntryRange, on: { bytes: Buffer; table: PackTable; pack: PackInfo; visitor: EntryVisitor }): void {
    for (const entry of range.entries) {
      let plain: Uint8Array;
      try {
        if (entry >= on.table.count) throw damaged(on.pack.id, "the index names entries it does not have");
        const start = on.table.offset(entry) - range.start;
        plain = decodeEntry(
          on.bytes.subarray(start, start + on.table.storedLength(entry)),
          on.table,
          entry,
          this.#tools,
        );
      } catch (error) {
        on.visitor.failed(on.pack.id, [entry], error);
        continue;
      }
      on.visitor.entry(on.pack.id, entry, plain);
    }
  }
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
