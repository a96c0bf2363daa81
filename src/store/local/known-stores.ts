import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileSource, memorySource, Segment } from "../index/segment.ts";
import { smallSegment } from "../remote/segment-files.ts";

/**
 * Which contents some store is known to have, by the local copies of indexes and without asking anybody. May know less than is true.
 */
export class KnownStores {
  readonly #folder: string;
  #segments: Segment[] | undefined;

  /** `folder`: the cache's `index/`. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  has(oid: string): boolean {
    this.#segments ??= this.#open();
    return this.#segments.some((segment) => segment.findFile(oid) !== undefined);
  }

  #open(): Segment[] {
    return list(this.#folder).flatMap((store) =>
      list(join(this.#folder, store)).flatMap((id) => {
        try {
          const fd = openSync(join(this.#folder, store, id), "r");
          const { size } = fstatSync(fd);
          if (size > smallSegment) return [Segment.open(fileSource(fd, size), id)];
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

function list(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith("."));
  } catch {
    return [];
  }
}
