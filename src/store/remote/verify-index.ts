import { join } from "node:path";
import { isMlgitError } from "../../error/mlgit-error.ts";
import { makeFolder, writeDurable } from "../../util/durable.ts";
import { memorySource, Segment } from "../index/segment.ts";
import { loadBytes } from "./load-bytes.ts";
import { mergeSegments } from "./merge-segments.ts";
import type { RemoteStore } from "./remote-store.ts";
import { SegmentFiles } from "./segment-files.ts";

export interface IndexReport {
  /** Segments of the store whose bytes are wrong: nobody who has no copy of them can use the store. */
  readonly damagedSegments: readonly string[];
  /** Of these: written anew, from the copy that is here, as others that take their place. */
  readonly rewritten: readonly string[];
  /** Of these: removed, since no copy is here. What they named is named by nothing now, and has to be pushed again. */
  readonly removed: readonly string[];
}

/** Reads every index segment of a store again, whatever copies are here; with `fix` mends or removes those that are damaged. Call before `store.sync`. */
export async function verifyIndex(
  store: RemoteStore,
  { fix, signal }: { readonly fix: boolean; readonly signal?: AbortSignal },
): Promise<IndexReport> {
  const damagedSegments = await damagedIn(store, signal);
  const [rewritten, removed]: [string[], string[]] = [[], []];
  // Once more: what came wrong over the line must not cost a segment that is right.
  for (const id of fix ? damagedSegments : [])
    if (!(await isRight(id, store, signal))) ((await replace(id, store, signal)) ? rewritten : removed).push(id);
  return { damagedSegments, rewritten, removed };
}

/** Damaged segments are written anew, but only those of which a copy is here: what another one names is not known, so it stays. Call before `store.sync`. */
export async function mendIndex(store: RemoteStore, signal?: AbortSignal): Promise<readonly string[]> {
  const mended: string[] = [];
  for (const id of await damagedIn(store, signal))
    if (hasCopy(id, store) && !(await isRight(id, store, signal)) && (await replace(id, store, signal)))
      mended.push(id);
  return mended;
}

/** Of all segments that a store lists. */
export async function damagedIn(store: RemoteStore, signal?: AbortSignal): Promise<string[]> {
  const listed: string[] = [];
  for await (const { handle } of store.backend.list("index", signal))
    if (/^[0-9a-f]{64}$/.test(handle.name)) listed.push(handle.name);
  const damaged: string[] = [];
  for (const id of listed) if (!(await isRight(id, store, signal))) damaged.push(id);
  return damaged;
}

function hasCopy(id: string, { indexFolder, hash }: RemoteStore): boolean {
  const files = new SegmentFiles(indexFolder, hash);
  try {
    return files.open(id) !== undefined;
  } finally {
    files.close(id);
  }
}

async function isRight(id: string, store: RemoteStore, signal?: AbortSignal): Promise<boolean> {
  try {
    const bytes = await loadBytes(store.backend, { type: "index", name: id }, undefined, { signal });
    Segment.open(memorySource(bytes), id).verify(store.hash, id);
    return true;
  } catch (error) {
    // Merged into another one meanwhile, and collected.
    if (store.backend.isNotFound(error)) return true;
    if (isMlgitError(error) && error.kind === "corrupt") return false;
    throw error;
  }
}

/** Whether there is a copy. What takes the place is there before the damaged one goes. */
async function replace(id: string, store: RemoteStore, signal?: AbortSignal): Promise<boolean> {
  const files = new SegmentFiles(store.indexFolder, store.hash);
  const copy = files.open(id);
  try {
    // The same rows, but of another name: nothing can be put under the old one while that is there.
    const input = { without: new Set<string>(), packsOf: () => undefined, allPacks: true };
    if (copy)
      for (const made of mergeSegments({ ...input, segments: new Map([[id, copy]]) }, store.hash))
        await store.saveSegment(made.id, made.bytes, signal ? { signal } : {});
    else await keepDamaged(id, store, signal);
    await store.backend.remove({ type: "index", name: id });
    return copy !== undefined;
  } finally {
    files.close(id);
  }
}

/** Nobody else may have its rows: what it is now stays here, for whoever can read something out of it. */
async function keepDamaged(id: string, store: RemoteStore, signal?: AbortSignal): Promise<void> {
  const bytes = await loadBytes(store.backend, { type: "index", name: id }, undefined, { signal });
  const folder = join(store.indexFolder, "bad");
  makeFolder(folder);
  writeDurable(join(folder, id), bytes);
}
