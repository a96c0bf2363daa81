import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { isMlgitError, type MlgitError, systemCode } from "../../error/mlgit-error.ts";
import { ForeignFolders, type ForeignPlace } from "./foreign-folders.ts";
import type { CacheLayout } from "./layout.ts";
import { OidFilter } from "./oid-filter.ts";
import { type KnowsPack, SealedPack } from "./sealed-pack.ts";
import type { UnreadFiles } from "./unread-files.ts";

export interface PackFolderOptions {
  readonly layout: CacheLayout;
  readonly hash: ChunkHash;
  /** The data of the pack that this process is writing: it is no other's. */
  ownData(): string | undefined;
  /** Told of a pack whose index is damaged; it must be gone from the folder afterwards. */
  damaged(name: string): void;
  readonly knows: KnowsPack;
  /** Told of packs that the system does not give. */
  readonly unread: UnreadFiles;
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
  readonly #foreign: ForeignFolders;
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
    this.#foreign = new ForeignFolders(options);
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
      if (this.#holds(pack, oid)) {
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
    const at = this.#recent.findIndex((pack) => this.#holds(pack, oid));
    if (at > 0) this.#recent.unshift(...this.#recent.splice(at, 1));
    return at < 0 ? undefined : this.#recent[0];
  }

  /** Where the index is read from the disk, that may not give it. */
  #holds(pack: SealedPack, oid: string): boolean {
    try {
      return pack.has(oid);
    } catch (error) {
      this.giveUp(pack, error);
      return false;
    }
  }

  /** What the system did not give is not asked for again, so that a copy elsewhere is found. The error that names it. @throws `error` if it is another one. */
  giveUp(pack: SealedPack, error: unknown): MlgitError {
    const named = this.#options.unread.note(pack.path, error);
    this.#forget(basename(pack.path));
    return named;
  }

  /** Their indexes may be in memory, and no others'. */
  #remember(recent: SealedPack[]): void {
    for (const pack of this.#recent) if (!recent.includes(pack)) pack.cool();
    recent[0]?.warm();
    this.#recent = recent;
  }

  /** Among what was there at the last look; ask `find` first. */
  findForeign(oid: string): ForeignPlace | undefined {
    return this.#foreign.find(oid);
  }

  /** The finished packs, by file name. */
  sealed(): ReadonlyMap<string, SealedPack> {
    this.#list();
    return this.#sealed;
  }

  foreignOids(): Iterable<string> {
    return this.#foreign.oids();
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
      if (name.startsWith("open-")) changing = !this.#foreign.meet(name) || changing;
      else if (name.endsWith(".pack") && names.has(name.replace(/pack$/, "idx")) && !this.#openSealed(name))
        damaged.push(name);
    this.#remember([]);
    for (const name of damaged) this.#mend(name);
    // Once only: a folder that cannot be made sense of must not be looked at for ever.
    if (changing) this.stale();
    if ((damaged.length > 0 || changing) && mayRepeat) this.#list(false);
  }

  #mend(name: string): void {
    const { layout, unread, damaged } = this.#options;
    try {
      damaged(name);
    } catch (error) {
      unread.note(join(layout.packs, name), error);
    }
  }

  #forgetOthers(names: ReadonlySet<string>): void {
    for (const name of [...this.#sealed.keys()]) if (!names.has(name)) this.#forget(name);
    this.#foreign.forgetOthers(names);
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
    const { layout, unread } = this.#options;
    const path = join(layout.packs, name);
    const index = path.replace(/pack$/, "idx");
    if (unread.has(path) || unread.has(index)) return true;
    try {
      const pack = this.#newPack(path);
      this.#indexBytes += pack.indexMemory;
      this.#sealed.set(name, pack);
      this.#unlearned = true;
    } catch (error) {
      if (isMlgitError(error)) return false;
      // One that the disk does not give must not keep anybody from all others.
      if (systemCode(error) !== "ENOENT") unread.note(index, error);
    }
    return true;
  }

  #newPack(path: string): SealedPack {
    const { hash, knows, indexBytes = defaultIndexBytes } = this.#options;
    return new SealedPack(path, hash, {
      knows,
      inMemory: this.#indexBytes < indexBytes,
      opened: (pack) => this.#noteOpen(pack),
    });
  }

  #noteOpen(pack: SealedPack): void {
    this.#open = [...this.#open.filter((one) => one !== pack), pack];
    if (this.#open.length > openPacks) this.#open.shift()?.rest();
  }
}
