import type { EntryVisitor, WantedEntries } from "./entry-reader.ts";
import type { FoundFile, PackInfo } from "./index-copy.ts";
import { nextRows } from "./next-rows.ts";
import type { PlacedTerm, RemoteStore } from "./remote-store.ts";

export interface ConfirmOptions {
  /** Load and hash every chunk; without it the packs need only be listed with the size that the index states. */
  readonly read: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Of these contents, those that the store really has: index, manifest, and every pack of theirs. Where one row of a content leads to nothing, another is taken, as
 * readers do. Call `store.sync` before.
 */
export async function confirmFiles(
  oids: Iterable<string>,
  store: RemoteStore,
  options: ConfirmOptions,
): Promise<Set<string>> {
  const { index } = store;
  const confirmed = new Set<string>();
  let rows = [...oids].flatMap((oid): FoundFile | never[] => index.findFile(oid) ?? []);
  while (rows.length > 0) {
    for (const oid of await confirmRows(rows, store, options)) confirmed.add(oid);
    rows = nextRows(
      rows.filter(({ oid }) => !confirmed.has(oid)),
      index,
    );
  }
  return confirmed;
}

async function confirmRows(
  rows: readonly FoundFile[],
  store: RemoteStore,
  options: ConfirmOptions,
): Promise<Set<string>> {
  if (rows.length === 0) return new Set();
  const sizes = await listPacks(store, options.signal);
  const listed = (pack: PackInfo) => sizes.get(pack.id) === pack.size;
  const located = await store.locate(
    rows.filter((row) => listed(row.pack)),
    options.signal,
  );
  const terms = new Map<string, readonly PlacedTerm[]>();
  for (const [oid, found] of located)
    if (Array.isArray(found) && found.every((term) => listed(term.pack))) terms.set(oid, found);
  if (!options.read) return new Set(terms.keys());
  return await readBack(terms, store, options.signal);
}

/** The packs of a store by id, with their sizes as listed. */
export async function listPacks(store: RemoteStore, signal?: AbortSignal): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for await (const { handle, size } of store.backend.list("pack", signal)) sizes.set(handle.name, size);
  return sizes;
}

async function readBack(
  terms: ReadonlyMap<string, readonly PlacedTerm[]>,
  store: RemoteStore,
  signal?: AbortSignal,
): Promise<Set<string>> {
  const wanted = new Map<string, { pack: PackInfo; entries: Set<number> }>();
  for (const { pack, first, count } of [...terms.values()].flat()) {
    const one = wanted.get(pack.id) ?? { pack, entries: new Set<number>() };
    for (let entry = first; entry < first + count; entry++) one.entries.add(entry);
    wanted.set(pack.id, one);
  }
  const bad = new Set<string>();
  const visitor: EntryVisitor = {
    entry() {},
    failed: (pack, entries) => {
      for (const entry of entries) bad.add(`${pack} ${entry}`);
    },
  };
  const plan: WantedEntries[] = [...wanted.values()].map(({ pack, entries }) => ({
    pack,
    entries: [...entries].sort((a, b) => a - b),
  }));
  await store.readEntries(plan, visitor, signal);
  const right = (term: PlacedTerm) => {
    for (let entry = term.first; entry < term.first + term.count; entry++)
      if (bad.has(`${term.pack.id} ${entry}`)) return false;
    return true;
  };
  return new Set([...terms].filter(([, list]) => list.every(right)).map(([oid]) => oid));
}
