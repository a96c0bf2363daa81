import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { isMlgitError, systemCode } from "../../error/mlgit-error.ts";
import { mayBeAlive } from "../../util/process-mark.ts";
import type { CacheLayout } from "./layout.ts";
import { OidFilter } from "./oid-filter.ts";
import { OpenFolder, recoverFolder } from "./open-folder.ts";
import type { OpenPlace } from "./place-table.ts";
import { type KnowsPack, SealedPack } from "./sealed-pack.ts";

/** A file in a pack that another process is writing. */
export interface ForeignPlace {
  readonly dataPath: string;
  readonly place: OpenPlace;
}

export interface PackFolderOptions {
  readonly layout: CacheLayout;
  readonly hash: ChunkHash;
  /** The data of the pack that this process is writing: it is no other's. */
  ownData(): string | undefined;
  /** Told of a pack whose index is damaged; it must be gone from the folder afterwards. */
  damaged(name: string): void;
  readonly knows: KnowsPack;
  /** Bytes of packs' indexes that are held in memory; those of more packs are read where they are, or held while they are asked often. Default 4 MiB. */
  readonly indexBytes?: number | undefined;
}

/** Packs in which the last files were found: threads that add side by side fill as many. */
const recentPacks = 8;
/** Packs whose files and tables are kept open. */
const openPacks = 12;
const defaultIndexBytes = 4 << 20;

/** No file system in use stamps changes more coarsely and is still written by several processes. */
const clockTickMs = 50;

/** What lies in `packs/`: finished packs, and those that other processes are writing. Read again when the folder changes. */
export class PackFolder {
  readonly #options: PackFolderOptions;
  readonly #sealed = new Map<string, SealedPack>();
  readonly #hidden = new Set<string>();
  /** By the folder's name. */
  #foreign = new Map<string, OpenFolder>();
  readonly #filter = new OidFilter();
  /** Packs came that the filter does not know. */
  #unlearned = false;
  #listed: bigint | undefined;
  /** The last one first. */
  #recent: SealedPack[] = [];
  /** The one that was opened first first. */
  #open: SealedPack[] = [];
  #indexBytes = 0;

  constructor(options: PackFolderOptions) {
    this.#options = options;
  }

  find(oid: string): SealedPack | undefined {
    this.#list();
    return this.findKnown(oid);
  }

  /** What comes next is asked of what is there now. */
  look(): void {
    this.#list();
  }

  /** Among what was there at the last look: for whoever asks for very many, and asks `find` when there is none. */
  findKnown(oid: string): SealedPack | undefined {
    const recent = this.findRecent(oid);
    if (recent) return recent;
    if (this.#sealed.size > recentPacks && !this.#mayHave(oid)) return undefined;
    for (const pack of this.#sealed.values())
      if (pack.has(oid)) {
        this.#remember([pack, ...this.#recent.slice(0, recentPacks - 1)]);
        return pack;
      }
    return undefined;
  }

  /** Where there are many packs most of what is new would be asked of each. */
  #mayHave(oid: string): boolean {
    if (this.#unlearned) this.#filter.learn(this.#sealed);
    this.#unlearned = false;
    return this.#filter.mayHave(oid);
  }

  /** Among the packs that the last files were found in: files that were added together are wanted together. */
  findRecent(oid: string): SealedPack | undefined {
    const at = this.#recent.findIndex((pack) => pack.has(oid));
    if (at > 0) this.#recent.unshift(...this.#recent.splice(at, 1));
    return at < 0 ? undefined : this.#recent[0];
  }

  /** Their indexes may be in memory, and no others'. */
  #remember(recent: SealedPack[]): void {
    for (const pack of this.#recent) if (!recent.includes(pack)) pack.cool();
    recent[0]?.warm();
    this.#recent = recent;
  }

  /** Among what was there at the last look; ask `find` first. */
  findForeign(oid: string): ForeignPlace | undefined {
    for (const { dataPath, places } of this.#foreign.values()) {
      const place = places.get(oid);
      if (place) return { dataPath, place };
    }
    return undefined;
  }

  /** The finished packs, by file name. */
  sealed(): ReadonlyMap<string, SealedPack> {
    this.#list();
    return this.#sealed;
  }

  *foreignOids(): Iterable<string> {
    for (const { places } of this.#foreign.values()) yield* places.keys();
  }

  /** Makes the next question look again. */
  stale(): void {
    this.#listed = undefined;
  }

  /** Until `work` is done, these packs are not found. */
  without<T>(names: readonly string[], work: () => T): T {
    const packs = names.flatMap((name) => this.#sealed.get(name) ?? []);
    for (const name of names) {
      this.#indexBytes -= this.#sealed.get(name)?.indexMemory ?? 0;
      this.#sealed.delete(name);
      this.#hidden.add(name);
    }
    this.#remember([]);
    try {
      return work();
    } finally {
      for (const pack of packs) pack.close();
      for (const name of names) this.#hidden.delete(name);
      this.stale();
    }
  }

  close(): void {
    for (const name of [...this.#sealed.keys()]) this.#forget(name);
    this.stale();
  }

  #list(mayRepeat = true): void {
    const { packs } = this.#options.layout;
    const changed = statSync(packs, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
    if (changed === undefined || changed === this.#listed) return;
    // The clock of a file system is coarse: a second change in the same tick would not show.
    this.#listed = Date.now() - Number(changed / 1_000_000n) > clockTickMs ? changed : undefined;
    const names = new Set(readdirSync(packs));
    this.#forgetOthers(names);
    const damaged: string[] = [];
    let changing = false;
    for (const name of names)
      if (name.startsWith("open-")) changing = !this.#meetOpen(name) || changing;
      else if (name.endsWith(".pack") && names.has(name.replace(/pack$/, "idx")) && !this.#openSealed(name))
        damaged.push(name);
    this.#remember([]);
    for (const name of damaged) this.#options.damaged(name);
    // Once only: a folder that cannot be made sense of must not be looked at for ever.
    if (changing) this.stale();
    if ((damaged.length > 0 || changing) && mayRepeat) this.#list(false);
  }

  #forgetOthers(names: ReadonlySet<string>): void {
    for (const name of [...this.#sealed.keys()]) if (!names.has(name)) this.#forget(name);
    for (const name of this.#foreign.keys()) if (!names.has(name)) this.#foreign.delete(name);
  }

  #forget(name: string): void {
    const pack = this.#sealed.get(name);
    pack?.close();
    this.#indexBytes -= pack?.indexMemory ?? 0;
    this.#sealed.delete(name);
    this.#remember([]);
  }

  /** False when its index is damaged. */
  #openSealed(name: string): boolean {
    if (this.#sealed.has(name) || this.#hidden.has(name)) return true;
    try {
      const pack = this.#newPack(name);
      this.#indexBytes += pack.indexMemory;
      this.#sealed.set(name, pack);
      this.#unlearned = true;
    } catch (error) {
      if (isMlgitError(error)) return false;
      // One that the disk does not give must not keep anybody from all others: fsck tells of it.
      if (!["ENOENT", "EIO", "ELOOP"].includes(systemCode(error) ?? "")) throw error;
    }
    return true;
  }

  #newPack(name: string): SealedPack {
    const { layout, hash, knows, indexBytes = defaultIndexBytes } = this.#options;
    return new SealedPack(join(layout.packs, name), hash, {
      knows,
      inMemory: this.#indexBytes < indexBytes,
      opened: (pack) => this.#noteOpen(pack),
    });
  }

  #noteOpen(pack: SealedPack): void {
    this.#open = [...this.#open.filter((one) => one !== pack), pack];
    if (this.#open.length > openPacks) this.#open.shift()?.rest();
  }

  /** False when the folder changed under our eyes, or by our own hand: what it held is in another pack now. */
  #meetOpen(name: string): boolean {
    const folder = join(this.#options.layout.packs, name);
    if (this.#options.ownData() === join(folder, "data")) return true;
    try {
      if (!mayBeAlive(name.slice("open-".length)) && this.#recover(name)) return false;
      const open = this.#foreign.get(name) ?? new OpenFolder(folder);
      open.refresh();
      this.#foreign.set(name, open);
      return true;
    } catch (error) {
      this.#foreign.delete(name);
      // Its owner finished or somebody else recovered it: the next listing shows the result.
      if (systemCode(error) !== "ENOENT") throw error;
      return false;
    }
  }

  /** False where it cannot be finished now: a full or read-only disk, another user's. Then it is read as it lies. */
  #recover(name: string): boolean {
    const { layout, hash } = this.#options;
    try {
      recoverFolder(name, layout, hash);
      return true;
    } catch (error) {
      if (isMlgitError(error) && ["disk", "denied"].includes(error.kind)) return false;
      throw error;
    }
  }
}
