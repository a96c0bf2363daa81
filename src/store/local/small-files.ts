import { createHash } from "node:crypto";
import { closeSync, openSync, readdirSync, renameSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { isMlgitError, MlgitError, systemCode } from "../../error/mlgit-error.ts";
import { makeFolder } from "../../util/durable.ts";
import { cutChunks } from "./cut-chunks.ts";
import type { CacheLayout } from "./layout.ts";
import { OpenPack, type OpenPlace, readOpenFolder, recoverFolder } from "./open-pack.ts";
import type { PackedChunk, PackedFile } from "./pack-log.ts";
import { mayBeAlive } from "./process-mark.ts";
import { namedFiles, salvageFiles } from "./salvage.ts";
import { readFully, SealedPack } from "./sealed-pack.ts";

interface Foreign {
  readonly dataPath: string;
  readonly places: ReadonlyMap<string, OpenPlace>;
}

export interface SmallContent {
  readonly content: Buffer;
  readonly chunks: readonly PackedChunk[];
}

/** What became of the files of a damaged pack, by oid. */
export interface MendedPack {
  readonly saved: readonly string[];
  readonly lost: readonly string[];
}

/** No file system in use stamps files more coarsely and is still written by several processes. */
const clockTickMs = 50;

/** The small files of a cache: finished packs, packs other processes are writing, and the one this process writes. */
export class SmallFiles {
  readonly #layout: CacheLayout;
  readonly #hash: ChunkHash;
  readonly #sealed = new Map<string, SealedPack>();
  /** Packs that are being mended: they must not be found meanwhile. */
  readonly #broken = new Set<string>();
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
   * Bytes of a small file, hashed on the way out, or undefined when no pack has it. A damaged pack is mended on the way: what else it
   * holds moves to another pack.
   * @throws MlgitError kind `corrupt` when no copy of this file is right.
   */
  read(oid: string): SmallContent | undefined {
    const found = this.#attempt(oid);
    if (!isMlgitError(found)) return found;
    if (this.#own?.places.has(oid)) this.flush();
    const pack = this.#find(oid);
    if (pack) this.mend(basename(pack.path));
    const again = this.#attempt(oid);
    if (again && !isMlgitError(again)) return again;
    throw this.#lost(oid, found);
  }

  /**
   * Moves everything that is right in a damaged pack into another one, and when that is durable the damaged one to `bad/`: its files may
   * be the only copies there are.
   */
  mend(name: string): MendedPack {
    const named = new Set(namedFiles(join(this.#layout.packs, name)));
    const saved: string[] = [];
    this.#forget(name);
    this.#broken.add(name);
    try {
      for (const { oid, content } of salvageFiles(join(this.#layout.packs, name), this.#hash)) {
        named.delete(oid);
        saved.push(oid);
        const other = this.#attempt(oid);
        if (!other || isMlgitError(other)) this.#append(oid, content);
      }
      this.flush();
      this.#moveToBad(name);
    } finally {
      this.#broken.delete(name);
      this.#listed = undefined;
    }
    return { saved, lost: [...named] };
  }

  /** Adds a file unless it is there. Its bytes are with the system when this returns. */
  put(file: PackedFile, content: Uint8Array): void {
    if (this.size(file.oid) === undefined) this.#add(file, content);
  }

  #append(oid: string, content: Uint8Array): void {
    this.#add({ oid, size: content.length, chunks: cutChunks(content, this.#hash) }, content);
  }

  #add(file: PackedFile, content: Uint8Array): void {
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

  /** The verified bytes, or the error for a copy that is damaged. */
  #attempt(oid: string): SmallContent | MlgitError | undefined {
    try {
      const found = this.#readOwn(oid) ?? this.#readSealed(oid) ?? this.#readForeign(oid);
      if (!found || createHash("sha256").update(found.content).digest("hex") === oid) return found;
      return new MlgitError("corrupt", "its bytes do not match their hash", { oid });
    } catch (error) {
      if (isMlgitError(error) && error.kind === "corrupt") return error;
      throw error;
    }
  }

  #readSealed(oid: string): SmallContent | undefined {
    try {
      return this.#find(oid)?.read(oid);
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
      // Somebody merged or dropped the pack a moment ago.
      this.#listed = undefined;
      return this.#find(oid)?.read(oid);
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
    // The clock of a file system is coarse: a second change in the same tick would not show.
    this.#listed = Date.now() - Number(changed / 1_000_000n) > clockTickMs ? changed : undefined;
    const names = new Set(readdirSync(this.#layout.packs));
    for (const name of this.#sealed.keys()) if (!names.has(name)) this.#forget(name);
    this.#foreign = [];
    const damaged: string[] = [];
    for (const name of names)
      if (name.startsWith("open-")) this.#meetOpen(name);
      else if (name.endsWith(".pack") && names.has(name.replace(/pack$/, "idx")) && !this.#openSealed(name))
        damaged.push(name);
    this.#last = undefined;
    for (const name of damaged) this.mend(name);
    if (damaged.length > 0) this.#list();
  }

  #forget(name: string): void {
    this.#sealed.get(name)?.close();
    this.#sealed.delete(name);
    this.#last = undefined;
  }

  /** False when its index is damaged. */
  #openSealed(name: string): boolean {
    if (this.#sealed.has(name) || this.#broken.has(name)) return true;
    try {
      this.#sealed.set(name, new SealedPack(join(this.#layout.packs, name), this.#hash));
    } catch (error) {
      if (isMlgitError(error)) return false;
      if (systemCode(error) !== "ENOENT") throw error;
    }
    return true;
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

  #lost(oid: string, damage: MlgitError): MlgitError {
    const { bad } = this.#layout;
    return new MlgitError(
      "corrupt",
      `the cached copy of sha256:${oid} is damaged (${damage.message}); what else its pack held was saved, the pack is in ${bad}`,
      {
        oid,
        path: bad,
        hint: "run the command again to fetch it from the store, or `git mlgit add` the file that has this content",
        cause: damage,
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
