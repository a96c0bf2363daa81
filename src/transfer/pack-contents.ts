import { extname } from "node:path";
import type { CutChunk } from "../chunk/region-cutter.ts";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import type { Cache, CachedContent } from "../store/local/cache.ts";
import { wholeFileLimit } from "../store/local/layout.ts";
import type { PackedContent } from "../store/local/sealed-pack.ts";
import type { FileHead, FilePacker } from "../store/remote/packer-types.ts";
import type { RemoteStore } from "../store/remote/remote-store.ts";
import type { UploadPacker } from "../store/remote/upload-packer.ts";
import { createBreather } from "../util/breathe.ts";
import type { ContentList, WantedContent } from "./content-map.ts";
import { CutAhead, changedWhileRead } from "./cut-ahead.ts";
import { fetchContent } from "./fetch-content.ts";
import { FramesAhead } from "./frames-ahead.ts";
import { type Meter, silentMeter } from "./meter.ts";

export interface PackOptions {
  readonly cache: Cache;
  readonly store: RemoteStore;
  readonly meter: Meter;
  readonly signal?: AbortSignal;
  /** What made a content unusable that the cache had a moment ago, by oid. */
  readonly damaged?: ReadonlyMap<string, unknown>;
}

/**
 * Packs contents of the cache, in order.
 * @throws MlgitError kind `missing` or `corrupt` for a content that is not what the cache said
 */
export async function packContents(contents: ContentList, packer: UploadPacker, options: PackOptions): Promise<void> {
  const { cache, meter } = options;
  const large = contents.atLeast(wholeFileLimit);
  const ahead = new CutAhead(large, (oid) => cache.knownFile(oid));
  const frames = new FramesAhead(options.store.codec);
  const tools: PackTools = { packer, breathe: createBreather(), meter, ahead, frames };
  try {
    for (const one of contents) {
      // There may be a million: what need not be waited for is not.
      const breath = tools.breathe();
      if (breath) await breath;
      options.signal?.throwIfAborted();
      const small = one.size < wholeFileLimit ? cache.peekChunks(one.oid) : undefined;
      const packing =
        small?.content.length === one.size
          ? packSmall(one, small, tools)
          : packContent(one, await verified(one, options), tools);
      if (packing) await packing;
    }
  } finally {
    await ahead.stop();
    await frames.stop();
  }
}

async function verified(one: WantedContent, options: PackOptions): Promise<CachedContent> {
  try {
    return cachedContent(one, options);
  } catch (error) {
    // A copy that turned out damaged is gone from the cache; what lies in packs that are about to be collected can still be had.
    if (!options.store.has(one.oid)) throw error;
    await fetchContent([one], { ...options, meter: silentMeter });
    return cachedContent(one, options);
  }
}

function cachedContent(one: WantedContent, { cache, damaged }: PackOptions): CachedContent {
  const { path, oid, size } = one;
  try {
    const content = cache.get(oid);
    if (content && content.size === size) return content;
    if (!content && damaged?.has(oid)) throw damaged.get(oid);
  } catch (error) {
    if (!isMlgitError(error)) throw error;
    throw new MlgitError(error.kind, `${path}: ${error.message}`, { path, oid, hint: error.hint ?? "", cause: error });
  }
  throw new MlgitError("missing", `${path}: sha256:${oid} with ${size} bytes is not in the cache`, {
    path,
    oid,
    hint: "run the same command again",
  });
}

interface PackTools {
  readonly packer: UploadPacker;
  readonly breathe: () => Promise<void> | undefined;
  readonly meter: Meter;
  readonly ahead: CutAhead;
  readonly frames: FramesAhead;
}

/** Undefined when it is done already. */
function packSmall(one: WantedContent, found: PackedContent, tools: PackTools): Promise<void> | undefined {
  const { oid, size, path } = one;
  const { content, chunks } = found;
  const head = { oid, size, kind: extname(path) };
  const packing =
    chunks.length > 1 ? packChunks(head, found, tools) : tools.packer.single(head, content, chunks[0]?.id);
  if (packing) return packing.then(() => tools.meter.advance(1, size));
  tools.meter.advance(1, size);
  return undefined;
}

async function packChunks(head: FileHead, { content, chunks }: PackedContent, { packer }: PackTools): Promise<void> {
  const file = packer.begin(head, content.subarray(0, 64));
  let start = 0;
  for (const { id, length } of chunks) {
    await file.chunk(content.subarray(start, start + length), id);
    start += length;
  }
  file.done();
}

async function packContent(one: WantedContent, content: CachedContent, tools: PackTools): Promise<void> {
  let file: FilePacker | undefined;
  let bytes = 0;
  for await (const chunks of chunksOf(one, content, tools))
    for (const [i, { plain, id }] of chunks.entries()) {
      file ??= tools.packer.begin(one, plain.subarray(0, 64));
      const known = tools.frames.of(chunks, i, file);
      await file.chunk(plain, known?.id ?? id, known?.frame);
      bytes += plain.length;
      tools.meter.advance(0, plain.length);
      await tools.breathe();
    }
  // What others cut, and what changed while it was read, must never become a file that lacks its end.
  if (bytes !== one.size) throw changedWhileRead(one.path);
  file?.done();
  tools.meter.advance(1, 0);
}

function chunksOf(
  { oid }: WantedContent,
  content: CachedContent,
  { ahead }: PackTools,
): AsyncIterable<CutChunk[]> | Iterable<CutChunk[]> {
  return content.kind === "bytes" ? [chunksOfBytes(content)] : ahead.chunks(oid, content.path);
}

function chunksOfBytes({ content, chunks }: PackedContent): CutChunk[] {
  let start = 0;
  return chunks.map(({ length }) => {
    start += length;
    return { plain: content.subarray(start - length, start) };
  });
}
