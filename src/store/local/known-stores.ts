import { closeSync, fstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type FetchedRow, noteFetchedRows, readFetchedRows } from "../fetched-rows.ts";
import { fileSource, memorySource, Segment } from "../index/segment.ts";
import { openPlain } from "../plain-file.ts";
import { hasPlace } from "../store-places.ts";

/** Segments up to this size are read at once, in bytes; of others a look-up reads some rows. */
const readWhole = 1 << 16;

/** Contents whose answer is remembered. */
const mostTold = 65_536;

/** No file system in use stamps changes more coarsely. */
const clockTickMs = 50;

/**
 * Which contents some store had when it was asked last, by the local copies of indexes and by what was fetched from it, and without asking anybody. May know less
 * than is true; and more, until somebody looks, where a content was collected or a store removed since: no copy may go because of it.
 */
export class KnownStores {
  readonly #folder: string;
  #segments: Segment[] | undefined;
  #fetched: Set<string> | undefined;
  /** What was found: who asks twice is told the same. */
  readonly #told = new Set<string>();
  /** Descriptors of segments that are read where they are. */
  #open: number[] = [];
  /** When the folders last changed, as it was before they were listed; undefined where a change since might not show. */
  #listed: string | undefined;

  /** `folder`: the cache's `index/`. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  has(oid: string): boolean {
    if (this.#told.has(oid)) return true;
    const isThere = this.#find(oid);
    if (isThere && this.#told.size < mostTold) this.#told.add(oid);
    return isThere;
  }

  #find(oid: string): boolean {
    if (this.#segments && this.#knows(oid)) return true;
    // This process may have brought more since.
    const changed = this.#lastChange();
    if (changed !== undefined && changed === this.#listed) return false;
    this.#listed = changed;
    this.#list();
    return this.#knows(oid);
  }

  /** Lets go of open files. What is asked next is looked for anew. */
  close(): void {
    this.#closeFiles();
    this.#segments = undefined;
    this.#listed = undefined;
  }

  #closeFiles(): void {
    for (const fd of this.#open) closeSync(fd);
    this.#open = [];
  }

  #knows(oid: string): boolean {
    return this.#segments?.some((segment) => names(segment, oid)) === true || this.#fetched?.has(oid) === true;
  }

  #lastChange(): string | undefined {
    const times = [this.#folder, ...this.#stores()].map(
      (folder) => statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0,
    );
    return Math.abs(Date.now() - Math.max(...times)) > clockTickMs ? times.join(" ") : undefined;
  }

  /** Notes what came from a store and was right, by segments of which there is no copy that would tell. */
  noteFetched(store: string, rows: readonly FetchedRow[]): void {
    const news = rows.filter(({ oid }) => !this.has(oid));
    if (news.length === 0) return;
    for (const { oid } of news) this.#fetched?.add(oid);
    noteFetchedRows(join(this.#folder, store), news);
  }

  /** Folders of stores that are somewhere, as far as is known. */
  #stores(): string[] {
    return list(this.#folder)
      .map((store) => join(this.#folder, store))
      .filter(hasPlace);
  }

  #list(): void {
    this.#closeFiles();
    const stores = this.#stores();
    this.#segments = stores.flatMap((store) => list(store).flatMap((id) => this.#openSegment(join(store, id), id)));
    this.#fetched = new Set(stores.flatMap(readFetchedRows));
  }

  #openSegment(path: string, id: string): Segment[] {
    try {
      const fd = openPlain(path);
      const { size } = fstatSync(fd);
      if (size > readWhole) {
        this.#open.push(fd);
        return [Segment.open(fileSource(fd, size), id)];
      }
      const bytes = readFileSync(fd);
      closeSync(fd);
      return [Segment.open(memorySource(bytes), id)];
    } catch {
      // A damaged copy is fetched again when the store is asked.
      return [];
    }
  }
}

/** A damaged copy knows nothing: it is fetched again when the store is asked. */
function names(segment: Segment, oid: string): boolean {
  try {
    return segment.findFile(oid) !== undefined;
  } catch {
    return false;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith("."));
  } catch {
    return [];
  }
}
