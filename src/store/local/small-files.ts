import { createHash } from "node:crypto";
import { closeSync, openSync, readdirSync, renameSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { isMlgitError, MlgitError, systemCode } from "../../error/mlgit-error.ts";
import { makeFolder } from "../../util/durable.ts";
import type { CacheLayout } from "./layout.ts";
import { OpenPack, type OpenPlace, readOpenFolder, recoverFolder } from "./open-pack.ts";
import type { PackedChunk, PackedFile } from "./pack-log.ts";
import { mayBeAlive } from "./process-mark.ts";
import { readFully, SealedPack } from "./sealed-pack.ts";

interface Foreign {
  readonly dataPath: string;
  readonly places: ReadonlyMap<string, OpenPlace>;
}

export interface SmallContent {
  readonly content: Buffer;
  readonly chunks: readonly PackedChunk[];
}

/** The small files of a cache: finished packs, packs other processes are writing, and the one this process writes. */
export class SmallFiles {
  readonly #layout: CacheLayout;
  readonly #hash: ChunkHash;
  readonly #sealed = new Map<string, SealedPack>();
  #foreign: Foreign[] = [];
  #own: OpenPack | undefined;
  #listed: bigint | undefined;
  #last: SealedPack | undefined;

  constructor(layout: CacheLayout, hash: ChunkHash) {
    this.#layout = layout;
    this.#hash = hash;
  }

  size(oid: string): number | undefined {
    return (
      this.#own?.places.get(oid)?.file.size ?? this.#find(oid)?.size(oid) ?? this.#findForeign(oid)?.place.file.size
    );
  }

  /**
   * Bytes of a small file, hashed on the way out, or undefined when no pack has it.
   * @throws MlgitError kind `corrupt`; the damaged pack is then set aside.
   */
  read(oid: string): SmallContent | undefined {
    const found = this.#readOwn(oid) ?? this.#readSealed(oid) ?? this.#readForeign(oid);
    if (found && createHash("sha256").update(found.content).digest("hex") !== oid)
      throw this.#setAside(oid, this.#find(oid), "its bytes do not match their hash");
    return found;
  }

  /** Adds a file unless it is there. Its bytes are with the system when this returns. */
  put(file: PackedFile, content: Uint8Array): void {
    if (this.size(file.oid) !== undefined) return;
    if (this.#own && !this.#own.fits(content.length, file.chunks.length)) this.flush();
    this.#own ??= OpenPack.create(this.#layout);
    this.#own.put(file, content);
  }

  /** Finishes the pack in hand; durable on return. */
  flush(): void {
    const own = this.#own;
    this.#own = undefined;
    own?.finish(this.#layout, this.#hash);
  }

  /** Every oid of every pack; one that lies in two packs comes twice. */
  *oids(): Iterable<string> {
    this.#list();
    yield* this.#own?.places.keys() ?? [];
    for (const pack of this.#sealed.values()) yield* pack.oids();
    for (const foreign of this.#foreign) yield* foreign.places.keys();
  }

  close(): void {
    this.flush();
    for (const pack of this.#sealed.values()) pack.close();
    this.#sealed.clear();
    this.#listed = undefined;
  }

  #readOwn(oid: string): SmallContent | undefined {
    const place = this.#own?.places.get(oid);
    return place && this.#own ? readPlace(this.#own.dataPath, place) : undefined;
  }

  #readSealed(oid: string): SmallContent | undefined {
    const pack = this.#find(oid);
    try {
      return pack?.read(oid);
    } catch (error) {
      if (isMlgitError(error) && error.kind === "corrupt") throw this.#setAside(oid, pack, error.message);
      throw error;
    }
  }

  #readForeign(oid: string): SmallContent | undefined {
    const found = this.#findForeign(oid);
    try {
      return found && readPlace(found.foreign.dataPath, found.place);
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
      // Its owner finished it a moment ago.
      this.#listed = undefined;
      return this.#find(oid)?.read(oid);
    }
  }

  #find(oid: string): SealedPack | undefined {
    this.#list();
    // Files that were added together are wanted together.
    if (this.#last?.has(oid)) return this.#last;
    this.#last = [...this.#sealed.values()].find((pack) => pack.has(oid));
    return this.#last;
  }

  #findForeign(oid: string): { foreign: Foreign; place: OpenPlace } | undefined {
    for (const foreign of this.#foreign) {
      const place = foreign.places.get(oid);
      if (place) return { foreign, place };
    }
    return undefined;
  }

  /** Reads the folder again when something was added to or removed from it. */
  #list(): void {
    const changed = statSync(this.#layout.packs, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
    if (changed === undefined || changed === this.#listed) return;
    this.#listed = changed;
    const names = new Set(readdirSync(this.#layout.packs));
    for (const [name, pack] of this.#sealed)
      if (!names.has(name)) {
        pack.close();
        this.#sealed.delete(name);
      }
    this.#foreign = [];
    for (const name of names)
      if (name.startsWith("open-")) this.#meetOpen(name);
      else if (name.endsWith(".pack") && names.has(name.replace(/pack$/, "idx"))) this.#openSealed(name);
    this.#last = undefined;
  }

  #openSealed(name: string): void {
    if (this.#sealed.has(name)) return;
    try {
      this.#sealed.set(name, new SealedPack(join(this.#layout.packs, name), this.#hash));
    } catch (error) {
      if (systemCode(error) === "ENOENT") return;
      if (!isMlgitError(error)) throw error;
      this.#moveToBad(name);
    }
  }

  #meetOpen(name: string): void {
    const folder = join(this.#layout.packs, name);
    if (this.#own?.dataPath === join(folder, "data")) return;
    try {
      if (!mayBeAlive(name.slice("open-".length))) {
        recoverFolder(name, this.#layout, this.#hash);
        this.#listed = undefined;
        return;
      }
      const places = new Map(readOpenFolder(folder).map((place) => [place.file.oid, place]));
      this.#foreign.push({ dataPath: join(folder, "data"), places });
    } catch (error) {
      // Its owner finished or somebody else recovered it: the next listing shows the result.
      if (systemCode(error) !== "ENOENT") throw error;
      this.#listed = undefined;
    }
  }

  #setAside(oid: string, pack: SealedPack | undefined, reason: string): MlgitError {
    if (pack) {
      pack.close();
      this.#sealed.delete(basename(pack.path));
      this.#last = undefined;
      this.#moveToBad(basename(pack.path));
    }
    return new MlgitError(
      "corrupt",
      `the cached copy of sha256:${oid} is damaged (${reason}); its pack was moved to ${this.#layout.bad}`,
      {
        oid,
        path: pack?.path ?? this.#layout.packs,
        hint: "run the command again to fetch it from the store, or `git mlgit add` the file that has this content",
      },
    );
  }

  #moveToBad(name: string): void {
    makeFolder(this.#layout.bad);
    for (const one of [name, name.replace(/pack$/, "idx")])
      try {
        renameSync(join(this.#layout.packs, one), join(this.#layout.bad, one));
      } catch (error) {
        if (systemCode(error) !== "ENOENT") throw error;
      }
  }
}

function readPlace(path: string, place: OpenPlace): SmallContent {
  const content = Buffer.allocUnsafe(place.file.size);
  const fd = openSync(path, "r");
  try {
    readFully(fd, content, place.offset);
    return { content, chunks: place.file.chunks };
  } finally {
    closeSync(fd);
  }
}
