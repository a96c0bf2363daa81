import limit from "p-limit";
import type { Pointer } from "../pointer/pointer.ts";
import type { Cache } from "../store/local/cache.ts";
import type { Meter } from "../transfer/meter.ts";
import type { ContentMap } from "./content-map.ts";

/** A content by the name that another tool gives it. */
export interface ForeignContent {
  readonly name: string;
  /** A path that has it, for messages. */
  readonly path: string;
  /** Bytes, where known beforehand. */
  readonly size: number | undefined;
}

/** What came of looking for a content: verified and in the cache, or why not. */
export type Attempt =
  | { readonly pointer: Pointer; readonly origin: "copied" | "fetched" }
  | { readonly pointer: undefined; readonly reason: string };

export interface CollectOptions<T extends ForeignContent> {
  readonly map: ContentMap;
  readonly cache: Cache;
  /** Whether a content (oid) need not be brought: it is in the cache, or a store has shown it. */
  readonly isKept: (oid: string) => boolean;
  readonly meter: Meter;
  readonly signal: AbortSignal;
  /** Contents looked for at a time. */
  readonly concurrency: number;
  /** Throws only what makes going on useless: a full disk, a place that cannot be reached. */
  attempt(content: T): Promise<Attempt>;
}

export interface Collected<T> {
  readonly pointers: ReadonlyMap<string, Pointer>;
  readonly here: number;
  readonly copied: number;
  readonly fetched: number;
  readonly bytes: number;
  readonly missing: readonly { readonly content: T; readonly reason: string }[];
}

/** So many are made durable and written down at a time: what a killed run has to do again. */
const batchSize = 128;

/** Brings contents into the cache, each once. What an earlier run verified is not looked for again. */
export async function collectContents<T extends ForeignContent>(
  contents: readonly T[],
  options: CollectOptions<T>,
): Promise<Collected<T>> {
  const { map, meter } = options;
  const wanted = contents.filter(({ name }) => !isHere(name, options));
  meter.total(
    wanted.length,
    wanted.reduce((sum, { size }) => sum + (size ?? 0), 0),
  );
  const missing: { content: T; reason: string }[] = [];
  const counts = { copied: 0, fetched: 0 };
  const turn = limit(options.concurrency);
  for (let at = 0; at < wanted.length; at += batchSize) {
    options.signal.throwIfAborted();
    const batch = wanted.slice(at, at + batchSize);
    const attempts = await Promise.all(batch.map((content) => turn(() => attempt(content, options))));
    await options.cache.flush();
    const found: [string, Pointer][] = [];
    for (const [i, one] of attempts.entries()) {
      const content = batch[i] as T;
      if (one.pointer) {
        found.push([content.name, one.pointer]);
        counts[one.origin]++;
      } else missing.push({ content, reason: one.reason });
    }
    map.add(found);
  }
  const pointers = pointersOf(contents, map, missing);
  const bytes = [...pointers.values()].reduce((sum, { size }) => sum + size, 0);
  return { pointers, here: contents.length - wanted.length, ...counts, bytes, missing };
}

/** An empty content needs no room. */
export function isHere(name: string, { map, isKept }: Pick<CollectOptions<never>, "map" | "isKept">): boolean {
  const known = map.get(name);
  return known !== undefined && (known.size === 0 || isKept(known.oid));
}

/** Oids of the contents that an earlier run brought. */
export function broughtBefore(contents: Iterable<ForeignContent>, map: ContentMap): string[] {
  return [...contents].flatMap(({ name }) => map.get(name)?.oid ?? []);
}

async function attempt<T extends ForeignContent>(content: T, options: CollectOptions<T>): Promise<Attempt> {
  const result = await options.attempt(content);
  if (result.pointer) options.meter.advance(1, result.pointer.size);
  return result;
}

function pointersOf<T extends ForeignContent>(
  contents: readonly T[],
  map: ContentMap,
  missing: readonly { readonly content: T }[],
): Map<string, Pointer> {
  const lost = new Set(missing.map(({ content }) => content.name));
  const pointers = new Map<string, Pointer>();
  for (const { name } of contents) {
    const pointer = map.get(name);
    if (pointer && !lost.has(name)) pointers.set(name, pointer);
  }
  return pointers;
}
