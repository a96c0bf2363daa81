import { isMlgitError } from "../../error/mlgit-error.ts";
import { decodeEntry, readPack } from "../pack/pack-reader.ts";
import { listPacks } from "./confirm-files.ts";
import type { FoundFile, PackInfo } from "./index-copy.ts";
import { loadBytes } from "./load-bytes.ts";
import type { RemoteStore } from "./remote-store.ts";

export interface StoreReport {
  readonly packs: number;
  readonly segments: number;
  /** Packs that the index names and that are not listed. */
  readonly missingPacks: readonly string[];
  /** Packs of another size than the index states, or whose bytes are wrong. */
  readonly damagedPacks: readonly string[];
  /** Packs that no segment names: left by pushes that were killed, or of one that is going on. */
  readonly orphans: readonly string[];
  /** Contents that lead to a missing or damaged pack, by oid. */
  readonly broken: readonly string[];
}

export interface VerifyOptions {
  /** Load every pack and hash every chunk. */
  readonly paranoid: boolean;
  readonly signal?: AbortSignal;
  readonly meter: { total(files: number, bytes: number): void; advance(files: number, bytes: number): void };
}

/** Compares a store's index with its packs. Call `store.sync` before. */
export async function verifyStore(store: RemoteStore, options: VerifyOptions): Promise<StoreReport> {
  const listed = await listPacks(store, options.signal);
  const named = new Map<string, PackInfo>();
  for (const segment of store.index.segments.values()) for (const pack of segment.packs) named.set(pack.id, pack);
  const missing = [...named.keys()].filter((id) => !listed.has(id));
  const present = [...named.values()].filter(({ id }) => listed.has(id));
  const damaged = present.filter((pack) => listed.get(pack.id) !== pack.size).map((pack) => pack.id);
  if (options.paranoid)
    damaged.push(
      ...(await damagedAmong(
        present.filter((pack) => !damaged.includes(pack.id)),
        store,
        options,
      )),
    );
  const bad = new Set([...missing, ...damaged]);
  return {
    packs: listed.size,
    segments: store.index.segments.size,
    missingPacks: missing,
    damagedPacks: damaged,
    orphans: [...listed.keys()].filter((id) => !named.has(id)),
    broken: bad.size === 0 ? [] : await filesOf(bad, store, options.signal),
  };
}

async function damagedAmong(packs: readonly PackInfo[], store: RemoteStore, options: VerifyOptions): Promise<string[]> {
  options.meter.total(
    packs.length,
    packs.reduce((sum, pack) => sum + pack.size, 0),
  );
  const damaged: string[] = [];
  for (const pack of packs) {
    options.signal?.throwIfAborted();
    if (!(await isRight(pack, store, options.signal))) damaged.push(pack.id);
    options.meter.advance(1, pack.size);
  }
  return damaged;
}

async function isRight(pack: PackInfo, store: RemoteStore, signal?: AbortSignal): Promise<boolean> {
  return isPack(await loadBytes(store.backend, { type: "pack", name: pack.id }, undefined, { signal }), pack, store);
}

/** Are these the bytes of a pack, with every chunk what its id says? */
export function isPack(bytes: Uint8Array, pack: PackInfo, store: Pick<RemoteStore, "hash" | "codec">): boolean {
  try {
    const table = readPack(bytes, pack.id, store.hash);
    for (let entry = 0; entry < table.count; entry++) {
      const stored = bytes.subarray(table.offset(entry), table.offset(entry + 1));
      decodeEntry(stored, table, entry, { hash: store.hash, codec: store.codec });
    }
    return table.count === pack.count;
  } catch (error) {
    if (isMlgitError(error) && error.kind === "corrupt") return false;
    throw error;
  }
}

/** Contents whose every known place leads to one of these packs. */
async function filesOf(bad: ReadonlySet<string>, store: RemoteStore, signal?: AbortSignal): Promise<string[]> {
  const right = new Set<string>();
  const broken = new Set<string>();
  for (const segment of store.index.segments.values()) {
    const rows = [...segment.eachFile()].flatMap((row): FoundFile | never[] => {
      const pack = segment.packs[row.pack];
      return pack ? { ...row, pack } : [];
    });
    for (const row of rows) if (bad.has(row.pack.id)) broken.add(row.oid);
    const located = await store.locate(
      rows.filter((row) => !bad.has(row.pack.id)),
      signal,
    );
    for (const [oid, terms] of located)
      if (Array.isArray(terms) && !terms.some((term) => bad.has(term.pack.id))) right.add(oid);
      else broken.add(oid);
  }
  return [...broken].filter((oid) => !right.has(oid));
}
