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
  const listed: string[] = [];
  for await (const { handle } of store.backend.list("index", signal))
    if (/^[0-9a-f]{64}$/.test(handle.name)) listed.push(handle.name);
  const damagedSegments: string[] = [];
  for (const id of listed) if (!(await isRight(id, store, signal))) damagedSegments.push(id);
  const [rewritten, removed]: [string[], string[]] = [[], []];
  // Once more: what came wrong over the line must not cost a segment that is right.
  for (const id of fix ? damagedSegments : [])
    if (!(await isRight(id, store, signal))) ((await replace(id, store, signal)) ? rewritten : removed).push(id);
  return { damagedSegments, rewritten, removed };
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
