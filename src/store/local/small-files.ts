import { hash } from "node:crypto";
import { statSync } from "node:fs";
import { basename, join } from "node:path";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { isMlgitError, MlgitError } from "../../error/mlgit-error.ts";
import { lostContent, moveToBad } from "./bad-pack.ts";
import { cutChunks } from "./cut-chunks.ts";
import type { CacheLayout } from "./layout.ts";
import { readPlace } from "./open-folder.ts";
import { OpenPack } from "./open-pack.ts";
import { PackBatch } from "./pack-batch.ts";
import { PackFolder } from "./pack-folder.ts";
import { PackPeek } from "./pack-peek.ts";
import { readForeign, readSealed } from "./read-packs.ts";
import { mergePacks } from "./repack.ts";
import type { ReuseLog } from "./reuse-log.ts";
import { namedFiles, salvageFiles } from "./salvage.ts";
import type { PackedContent, SealedPack } from "./sealed-pack.ts";
import type { UnreadFiles } from "./unread-files.ts";
import type { VerifiedLog } from "./verified-log.ts";

/** A small file by its hash. */
export interface SmallContent {
  readonly oid: string;
  readonly content: Uint8Array;
}

/** What became of the files of a damaged pack, by oid. */
export interface MendedPack {
  readonly saved: readonly string[];
  readonly lost: readonly string[];
}

interface SmallFilesOptions {
  readonly verified: VerifiedLog;
  readonly reused: ReuseLog;
  readonly unread: UnreadFiles;
  readonly indexBytes?: number | undefined;
}

/** The small files of a cache: finished packs, packs other processes are writing, and the one this process writes. */
export class SmallFiles {
  readonly packs: PackFolder;
  readonly peek: PackPeek;
  readonly #layout: CacheLayout;
  readonly #hash: ChunkHash;
  readonly #verified: VerifiedLog;
  readonly #reused: ReuseLog;
  #own: OpenPack | undefined;

  constructor(layout: CacheLayout, chunkHash: ChunkHash, { verified, reused, unread, indexBytes }: SmallFilesOptions) {
    [this.#layout, this.#hash] = [layout, chunkHash];
    [this.#verified, this.#reused] = [verified, reused];
    this.packs = new PackFolder({
      layout,
      hash: chunkHash,
      ownData: () => this.#own?.dataPath,
      damaged: (name) => void this.mend(name),
      knows: (id, stat) => this.#verified.holds(id, stat),
      unread,
      indexBytes,
    });
    this.peek = new PackPeek(this.packs, chunkHash);
  }

  size(oid: string): number | undefined {
    return (
      this.#own?.places.get(oid)?.file.size ??
      this.packs.find(oid)?.size(oid) ??
      this.packs.findForeign(oid)?.place.file.size
    );
  }

  /**
   * Bytes of a small file, hashed on the way out, or undefined when no pack has it. A damaged pack is mended on the way: what else it
   * holds moves to another pack.
   * @throws MlgitError kind `corrupt` when no copy of this file is right; `disk` or `denied`, and the pack counts as gone, when the system does not give it.
   */
  read(oid: string): PackedContent | undefined {
    const found = this.#attempt(oid);
    if (!isMlgitError(found)) return found;
    if (this.#own?.places.has(oid)) this.flush();
    const pack = this.packs.find(oid);
    const unread = pack && this.#mendOrGiveUp(pack);
    const again = this.#attempt(oid);
    if (again && !isMlgitError(again)) return again;
    throw unread ?? lostContent(oid, found, this.#layout);
  }

  /**
   * Moves everything that is right in a damaged pack into another one, and when that is durable the damaged one to `bad/`: its files may
   * be the only copies there are.
   */
  mend(name: string): MendedPack {
    const path = join(this.#layout.packs, name);
    const named = new Set(namedFiles(path));
    const saved: string[] = [];
    this.packs.without([name], () => {
      for (const { oid, content } of salvageFiles(path, this.#hash)) {
        named.delete(oid);
        saved.push(oid);
        this.#copy(oid, content);
      }
      this.flush();
      moveToBad(name, this.#layout);
    });
    return { saved, lost: [...named] };
  }

  /** A disk that has damaged some of a pack may not give the rest. The error that says so. */
  #mendOrGiveUp(pack: SealedPack): MlgitError | undefined {
    try {
      this.mend(basename(pack.path));
      return undefined;
    } catch (error) {
      return this.packs.giveUp(pack, error);
    }
  }

  /** Copies contents out of packs into another one, durable on return; its path, or undefined when all is elsewhere. */
  copyFrom(
    names: readonly string[],
    contents: Iterable<{ readonly oid: string; readonly content: Uint8Array }>,
  ): string | undefined {
    this.flush();
    return this.packs.without(names, () => {
      for (const { oid, content } of contents) this.#copy(oid, content);
      return this.flush();
    });
  }

  /** Adds a file unless it is there. Its bytes are with the system when this returns. */
  put(oid: string, content: Uint8Array): void {
    if (!this.holds(oid)) this.#append(oid, content);
  }

  /** The same for many, with one look at the folder and few writes. */
  putAll(contents: Iterable<SmallContent>): void {
    this.packs.look();
    const batch = new PackBatch();
    for (const { oid, content } of contents)
      if (!batch.has(oid) && !(this.mayHold(oid) && this.holds(oid))) this.#gather(oid, content, batch);
    this.#write(batch);
  }

  /** Whether it is there, and stays: a collection that is going on is told that it is wanted. */
  holds(oid: string): boolean {
    if (this.#own?.places.has(oid)) return true;
    if (this.size(oid) === undefined) return false;
    this.#reused.note(oid);
    return this.size(oid) !== undefined;
  }

  /** Whether it is there, as far as the last look at the folder tells. */
  mayHold(oid: string): boolean {
    return (
      this.#own?.places.has(oid) === true ||
      this.packs.findKnown(oid) !== undefined ||
      this.packs.findForeign(oid) !== undefined
    );
  }

  /** Finishes the pack in hand; durable on return. Its path, if there was one. */
  flush(): string | undefined {
    const own = this.#own;
    this.#own = undefined;
    const path = own?.finish(this.#layout, this.#hash);
    if (path) this.#noteOwn(path);
    return path;
  }

  /** Every oid of every pack; one that lies in two packs comes twice. */
  *oids(): Iterable<string> {
    for (const pack of this.packs.sealed().values()) yield* pack.oids();
    yield* this.#own?.places.keys() ?? [];
    yield* this.packs.foreignOids();
  }

  close(): void {
    if (this.flush()) mergePacks(this, this.#layout);
    this.packs.close();
  }

  /** Unless there is a copy that is right. */
  #copy(oid: string, content: Uint8Array): void {
    const other = this.#attempt(oid);
    if (!other || isMlgitError(other)) this.#append(oid, content);
  }

  #append(oid: string, content: Uint8Array): void {
    const batch = new PackBatch();
    this.#gather(oid, content, batch);
    this.#write(batch);
  }

  /** All that a batch gathers goes into the pack in hand: where that is full, it is written and another one begun. */
  #gather(oid: string, content: Uint8Array, batch: PackBatch): void {
    const file = { oid, size: content.length, chunks: cutChunks(content, this.#hash) };
    if (this.#own && !this.#own.fits(batch.bytes + content.length, batch.chunks + file.chunks.length)) {
      this.#write(batch);
      this.flush();
    }
    this.#own ??= OpenPack.create(this.#layout);
    batch.add({ file, content });
  }

  /** Whatever became of the pack in hand since they were gathered: mending another one finishes it. */
  #write(batch: PackBatch): void {
    const files = batch.take();
    if (files.length === 0) return;
    this.#own ??= OpenPack.create(this.#layout);
    this.#own.put(files);
  }

  /** The verified bytes, or the error for a copy that is damaged. */
  #attempt(oid: string): PackedContent | MlgitError | undefined {
    try {
      const found = this.#readOwn(oid) ?? readSealed(oid, this.packs) ?? readForeign(oid, this.packs);
      if (!found || hash("sha256", found.content, "hex") === oid) return found;
      return new MlgitError("corrupt", "its bytes do not match their hash", { oid });
    } catch (error) {
      if (isMlgitError(error) && error.kind === "corrupt") return error;
      throw error;
    }
  }

  #readOwn(oid: string): PackedContent | undefined {
    const place = this.#own?.places.get(oid);
    return place && this.#own ? readPlace(this.#own.dataPath, place) : undefined;
  }

  /** Everything in it was hashed on its way in. */
  #noteOwn(path: string): void {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat) this.#verified.note(basename(path, ".pack"), stat);
  }
}
