import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { type RegionCuts, RegionCutter } from "../chunk/region-cutter.ts";
import { onDisk } from "../error/disk-error.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { CutCrew, notCut } from "./cut-crew.ts";
import { regionSize } from "./cut-worker.ts";

/** Bytes: less is cut sooner than threads are started. */
const worthThreads = 128 << 20;

/** A file that will be asked for. */
export interface ComingFile {
  readonly oid: string;
  readonly size: number;
}

/** The chunks of many large files, one file after the other: where that is worth it, threads look ahead where each chunk ends. */
export class CutAhead {
  readonly #crew: CutCrew | undefined;
  readonly #coming: readonly ComingFile[];
  readonly #pathOf: (oid: string) => string | undefined;
  /** Its memory is taken when the first file comes: a push of small ones has none. */
  #cutter: RegionCutter | undefined;
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
  async *chunks(oid: string, path: string): AsyncGenerator<Uint8Array[], void, void> {
    const file = this.#begun.get(oid) ?? this.#begin(oid, path);
    this.#passOver(oid);
    this.#cutter ??= new RegionCutter(regionSize);
    const cutter = this.#cutter;
    cutter.reset();
    for (;;) {
      this.#fill(file);
      const region = await file.take(cutter.space);
      if (!region) break;
      yield cutter.take(region.length, region.cuts);
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

  /** Keeps the threads at work: on what is asked for now, then on what will be. Without them the next region is cut where it is read. */
  #fill(now: AheadFile): void {
    const crew = this.#crew;
    if (!crew) {
      if (now.hasMore) now.order(nobody);
      return;
    }
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

const nobody: Pick<CutCrew, "cut"> = { cut: (order) => Promise.resolve(notCut(order)) };

/** A file whose regions are cut by the crew and read here. */
class AheadFile {
  readonly #path: string;
  readonly #fd: number;
  readonly #before: { readonly size: bigint; readonly mtimeNs: bigint };
  readonly #ordered: Promise<RegionCuts>[] = [];
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

  order(crew: Pick<CutCrew, "cut">): void {
    const size = Number(this.#before.size);
    const at = this.#orderedTo;
    const length = Math.min(regionSize, size - at);
    this.#orderedTo += length;
    this.#ordered.push(crew.cut({ fd: this.#fd, at, length, last: at + length === size }));
  }

  /** Reads the next region into `space`; undefined after the last one, when all came from one unchanged file. */
  async take(space: Uint8Array): Promise<{ readonly length: number; readonly cuts: RegionCuts } | undefined> {
    const cuts = await this.#ordered.shift();
    if (!cuts) {
      this.#check();
      return undefined;
    }
    const length = Math.min(regionSize, Number(this.#before.size) - this.#at);
    for (let done = 0; done < length; ) {
      const got = onDisk("read", this.#path, () => readSync(this.#fd, space, done, length - done, this.#at));
      if (got === 0) throw changedWhileRead(this.#path);
      done += got;
      this.#at += got;
    }
    return { length, cuts };
  }

  /** Closes it when nothing reads it any more. */
  async drop(): Promise<void> {
    await Promise.all(this.#ordered);
    this.close();
  }

  close(): void {
    closeSync(this.#fd);
  }

  #check(): void {
    const after = fstatSync(this.#fd, { bigint: true });
    if (after.mtimeNs !== this.#before.mtimeNs || after.size !== this.#before.size) throw changedWhileRead(this.#path);
  }
}

export function changedWhileRead(path: string): MlgitError {
  return new MlgitError("corrupt", `${path} changed while it was read`, { path, hint: "run the same command again" });
}
