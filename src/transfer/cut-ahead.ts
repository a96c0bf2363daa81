import { type BigIntStats, closeSync, fstatSync, openSync, readSync } from "node:fs";
import { type CutChunk, RegionCutter } from "../chunk/region-cutter.ts";
import { regionSize } from "../chunk/region-slab.ts";
import { onDisk } from "../error/disk-error.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { CutCrew, type CutRegion, NoCrew, type RegionSource } from "./cut-crew.ts";

/** Bytes: less is cut sooner than threads are started. */
const worthThreads = 128 << 20;

/** A file that will be asked for. */
export interface ComingFile {
  readonly oid: string;
  readonly size: number;
}

/** The chunks of many large files, one file after the other: where that is worth it, threads read ahead and find out where each chunk ends and what it is called. */
export class CutAhead {
  readonly #crew: CutCrew | undefined;
  readonly #coming: readonly ComingFile[];
  readonly #pathOf: (oid: string) => string | undefined;
  readonly #alone = new NoCrew();
  readonly #cutter = new RegionCutter();
  readonly #begun = new Map<string, AheadFile>();
  /** The number of the first file that was not begun. */
  #next = 0;

  /**
   * `coming`: in the order in which they will be asked for. `pathOf`: where such a file lies; undefined for one that is not to be read yet. Ends with `stop`.
   */
  constructor(
    coming: readonly ComingFile[],
    pathOf: (oid: string) => string | undefined,
    least: number = worthThreads,
  ) {
    const bytes = coming.reduce((sum, { size }) => sum + size, 0);
    this.#crew = bytes < least ? undefined : CutCrew.start();
    this.#coming = coming;
    this.#pathOf = pathOf;
  }

  /**
   * The chunks of a file, some at a time; the views of a list live until the next one is asked for.
   * @throws MlgitError kind `corrupt` when the file changes while it is read.
   */
  async *chunks(oid: string, path: string): AsyncGenerator<CutChunk[], void, void> {
    const file = this.#begun.get(oid) ?? this.#begin(oid, path);
    this.#passOver(oid);
    this.#cutter.reset();
    for (;;) {
      this.#fill(file);
      const region = await file.take();
      if (!region) break;
      yield this.#cutter.take(region.slab, region.length, region.cuts);
      region.release();
    }
    this.#begun.delete(oid);
    file.close();
  }

  async stop(): Promise<void> {
    await this.#crew?.stop();
    for (const file of this.#begun.values()) file.close();
    this.#begun.clear();
  }

  #begin(oid: string, path: string): AheadFile {
    const file = new AheadFile(path);
    this.#begun.set(oid, file);
    const number = this.#coming.findIndex((one, i) => i >= this.#next && one.oid === oid);
    if (number >= 0) this.#next = number + 1;
    return file;
  }

  /** What was not asked for after all. */
  #passOver(until: string): void {
    for (const [oid, file] of this.#begun) {
      if (oid === until) return;
      this.#begun.delete(oid);
      void file.drop();
    }
  }

  /** Keeps the threads at work: on what is asked for now, then on what will be. What they have no room for is read and cut here. */
  #fill(now: AheadFile): void {
    if (this.#crew) this.#order(this.#crew);
    if (now.hasMore && !now.isOrdered) now.order(this.#alone);
  }

  #order(crew: CutCrew): void {
    for (const file of this.#begun.values()) while (crew.hasRoom && file.hasMore) file.order(crew);
    while (crew.hasRoom) {
      const coming = this.#coming[this.#next];
      const path = coming && this.#pathOf(coming.oid);
      if (!path) return;
      const file = this.#begin(coming.oid, path);
      while (crew.hasRoom && file.hasMore) file.order(crew);
    }
  }
}

interface OrderedRegion {
  readonly length: number;
  readonly region: Promise<CutRegion>;
}

/** A file whose regions are ordered ahead. */
class AheadFile {
  readonly #path: string;
  readonly #fd: number;
  readonly #before: BigIntStats;
  readonly #ordered: OrderedRegion[] = [];
  #orderedTo = 0;
  #at = 0;

  constructor(path: string) {
    this.#path = path;
    this.#fd = onDisk("read", path, () => openSync(path, "r"));
    this.#before = fstatSync(this.#fd, { bigint: true });
  }

  get hasMore(): boolean {
    return this.#orderedTo < Number(this.#before.size);
  }

  get isOrdered(): boolean {
    return this.#ordered.length > 0;
  }

  order(source: RegionSource): void {
    const size = Number(this.#before.size);
    const at = this.#orderedTo;
    const length = Math.min(regionSize, size - at);
    this.#orderedTo += length;
    const region = source.cut({ fd: this.#fd, at, length, last: at + length === size });
    // Whoever takes it is told that there is no memory for it.
    region.catch(() => {});
    this.#ordered.push({ length, region });
  }

  /** The next region, with all its bytes; undefined after the last one, when all came from one unchanged file. */
  async take(): Promise<(CutRegion & { readonly length: number }) | undefined> {
    const next = this.#ordered.shift();
    if (!next) {
      this.#check();
      return undefined;
    }
    const { length } = next;
    const region = await next.region;
    if (!region.isRead) this.#read(region.slab.space.subarray(0, length));
    this.#at += length;
    return { ...region, length };
  }

  #read(space: Buffer): void {
    for (let done = 0; done < space.length; ) {
      const at = this.#at + done;
      const got = onDisk("read", this.#path, () => readSync(this.#fd, space, done, space.length - done, at));
      if (got === 0) throw changedWhileRead(this.#path);
      done += got;
    }
  }

  /** Closes it when nothing reads it any more. */
  async drop(): Promise<void> {
    for (const { region } of this.#ordered)
      await region.then(
        ({ release }) => release(),
        () => {},
      );
    this.close();
  }

  close(): void {
    closeSync(this.#fd);
  }

  #check(): void {
    if (!isUnchanged(this.#before, fstatSync(this.#fd, { bigint: true }))) throw changedWhileRead(this.#path);
  }
}

/** Whoever writes to a file may set its mtime back, and cannot set its ctime; but links change that, too, so it counts only while there is one. */
function isUnchanged(before: BigIntStats, after: BigIntStats): boolean {
  if (after.mtimeNs !== before.mtimeNs || after.size !== before.size) return false;
  return after.ctimeNs === before.ctimeNs || after.nlink > 1n || before.nlink > 1n;
}

export function changedWhileRead(path: string): MlgitError {
  return new MlgitError("corrupt", `${path} changed while it was read`, { path, hint: "run the same command again" });
}
