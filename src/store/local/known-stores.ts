import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type FetchedRow, noteFetchedRows, readFetchedRows } from "../fetched-rows.ts";
import { fileSource, memorySource, Segment } from "../index/segment.ts";
import { hasPlace } from "../store-places.ts";

/** Segments up to this size are read at once, in bytes; of others a look-up reads some rows. */
const readWhole = 1 << 16;

/**
 * Which contents some store had when it was asked last, by the local copies of indexes and by what was fetched from it, and without asking anybody. May know less
 * than is true; and more, until somebody looks, where a content was collected or a store removed since: no copy may go because of it.
 */
export class KnownStores {
  readonly #folder: string;
  #segments: Segment[] | undefined;
  #fetched: Set<string> | undefined;

  /** `folder`: the cache's `index/`. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  has(oid: string): boolean {
    this.#segments ??= this.#open();
    if (this.#segments.some((segment) => names(segment, oid))) return true;
    this.#fetched ??= new Set(this.#stores().flatMap(readFetchedRows));
    return this.#fetched.has(oid);
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

  #open(): Segment[] {
    return this.#stores().flatMap((store) =>
      list(store).flatMap((id) => {
        try {
          const fd = openSync(join(store, id), "r");
          const { size } = fstatSync(fd);
          if (size > readWhole) return [Segment.open(fileSource(fd, size), id)];
          const bytes = readFileSync(fd);
          closeSync(fd);
          return [Segment.open(memorySource(bytes), id)];
        } catch {
          // A damaged copy is fetched again when the store is asked.
          return [];
        }
      }),
    );
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
