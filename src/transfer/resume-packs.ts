import { closeSync, openSync } from "node:fs";
import type { Cache, CachedContent } from "../store/local/cache.ts";
import { type EntryOrigin, packMagic } from "../store/remote/pack-recipe.ts";
import type { RemoteStore } from "../store/remote/remote-store.ts";
import type { UnfinishedPack, UnfinishedPacks } from "../store/remote/unfinished-packs.ts";
import type { UploadPacker } from "../store/remote/upload-packer.ts";
import { readFully } from "../util/read-fully.ts";

export interface ResumeTools {
  readonly cache: Cache;
  readonly store: RemoteStore;
  readonly packer: UploadPacker;
  readonly unfinished: UnfinishedPacks;
  readonly signal?: AbortSignal | undefined;
  /** Gets what was found damaged, by oid: it is gone from the cache now, and whoever misses it shall say why. */
  readonly damaged: Map<string, unknown>;
}

/**
 * Goes on where pushes that died or lost their line stopped: packs that arrived are taken as they are, others are made again, byte for byte, so that what
 * arrived of them need not be sent twice. What this push does not want, or a collection is about to take, is let go.
 */
export async function resumePacks(absent: Iterable<{ readonly oid: string }>, tools: ResumeTools): Promise<void> {
  const { store, unfinished, signal } = tools;
  const left = unfinished.adopt();
  const wanted = new Set<string>();
  if (left.length > 0) for (const { oid } of absent) wanted.add(oid);
  for (const pack of left) {
    signal?.throwIfAborted();
    const { id } = pack.recipe;
    const useful = pack.recipe.origins.some((origin) => "oid" in origin && wanted.has(origin.oid));
    const mayStay = useful && !store.index.dead.has(id) && !store.index.findPack(id);
    if (!mayStay || !(await resume(pack, tools))) await letGo(pack, tools);
  }
}

async function resume({ recipe, table }: UnfinishedPack, { cache, store, packer, signal, damaged }: ResumeTools) {
  const size = await store.packSize(recipe.id, signal);
  if (size === recipe.size) {
    packer.adopt(recipe, table);
    return true;
  }
  return packer.resend(recipe, table, (buffer) => remake({ recipe, table }, buffer, { cache, store, damaged }));
}

async function letGo({ recipe, memory }: UnfinishedPack, { store, unfinished }: ResumeTools): Promise<void> {
  const state = memory.recall();
  const handle = { type: "pack", name: recipe.id } as const;
  // What stays behind is the bucket's life-cycle rule's.
  if (state !== undefined) await store.backend.abandon?.(handle, state).catch(() => {});
  unfinished.forget(recipe.id);
}

/** Lays the pack out again; false when a content is gone from the cache or is not compressed to the same bytes any more. */
function remake(
  { recipe, table }: Pick<UnfinishedPack, "recipe" | "table">,
  buffer: Uint8Array,
  { cache, store, damaged }: Pick<ResumeTools, "cache" | "store" | "damaged">,
): boolean {
  const reader = new OriginReader(cache, damaged);
  try {
    buffer.set(packMagic);
    for (let entry = 0; entry < table.count; entry++) {
      const plain = reader.read(recipe.origins[entry] as EntryOrigin, table.plainLength(entry));
      if (!plain || !store.hash(plain).equals(table.id(entry))) return false;
      const stored = table.codec(entry) === 0 ? plain : store.codec.compress(plain).bytes;
      if (stored.length !== table.storedLength(entry)) return false;
      buffer.set(stored, table.offset(entry));
    }
    buffer.set(recipe.tail, table.offset(table.count));
    return true;
  } finally {
    reader.close();
  }
}

/** Reads pieces of cached files; the file that was read last stays open. */
class OriginReader {
  readonly #cache: Cache;
  readonly #damaged: Map<string, unknown>;
  readonly #buffer = Buffer.allocUnsafe(1 << 20);
  #open: { readonly oid: string; readonly content: CachedContent | undefined; readonly fd: number } | undefined;

  constructor(cache: Cache, damaged: Map<string, unknown>) {
    this.#cache = cache;
    this.#damaged = damaged;
  }

  read(origin: EntryOrigin, length: number): Uint8Array | undefined {
    if ("bytes" in origin) return origin.bytes;
    const { content, fd } = this.#content(origin.oid);
    if (content?.kind === "bytes") return content.content.subarray(origin.offset, origin.offset + length);
    if (!content || length > this.#buffer.length) return undefined;
    const plain = this.#buffer.subarray(0, length);
    return readFully(fd, plain, origin.offset) === length ? plain : undefined;
  }

  close(): void {
    if (this.#open && this.#open.fd >= 0) closeSync(this.#open.fd);
    this.#open = undefined;
  }

  #content(oid: string) {
    if (this.#open?.oid === oid) return this.#open;
    this.close();
    let content: CachedContent | undefined;
    try {
      content = this.#cache.get(oid);
    } catch (error) {
      this.#damaged.set(oid, error);
    }
    this.#open = { oid, content, fd: content?.kind === "file" ? openSync(content.path, "r") : -1 };
    return this.#open;
  }
}
