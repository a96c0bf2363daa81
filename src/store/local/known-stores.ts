import { closeSync, fstatSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../../util/durable.ts";
import { fileSource, memorySource, Segment } from "../index/segment.ts";

/** In a store's folder, beside the copies of its index: oids of 32 bytes each. Its name begins with a dot, so nobody takes it for a segment. */
const fetchedName = ".fetched";
const oidSize = 32;
/** Segments up to this size are read at once, in bytes; of others a look-up reads some rows. */
const readWhole = 1 << 16;

/**
 * Which contents some store is known to have, by the local copies of indexes, by what was fetched from it, and without asking anybody. May know less
 * than is true.
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
    if (this.#segments.some((segment) => segment.findFile(oid) !== undefined)) return true;
    this.#fetched ??= new Set(list(this.#folder).flatMap((store) => readOids(join(this.#folder, store, fetchedName))));
    return this.#fetched.has(oid);
  }

  /** Notes what came from a store and was right: of a large index there is no copy that would tell. Failing to note is harmless. */
  noteFetched(store: string, oids: readonly string[]): void {
    const news = oids.filter((oid) => !this.has(oid));
    if (news.length === 0) return;
    for (const oid of news) this.#fetched?.add(oid);
    const folder = join(this.#folder, store);
    try {
      makeFolder(folder);
      appendOids(join(folder, fetchedName), news);
    } catch {
      // A full disk is reported by whoever writes data.
    }
  }

  #open(): Segment[] {
    return list(this.#folder).flatMap((store) =>
      list(join(this.#folder, store)).flatMap((id) => {
        try {
          const fd = openSync(join(this.#folder, store, id), "r");
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

/** One write for all, so that what two append at once does not mix; a half oid that a crash left is filled up. */
function appendOids(path: string, oids: readonly string[]): void {
  const fd = openSync(path, "a");
  try {
    const torn = fstatSync(fd).size % oidSize;
    writeSync(fd, Buffer.concat([Buffer.alloc(torn === 0 ? 0 : oidSize - torn), Buffer.from(oids.join(""), "hex")]));
  } finally {
    closeSync(fd);
  }
}

function readOids(path: string): string[] {
  try {
    const bytes = readFileSync(path);
    return Array.from({ length: Math.floor(bytes.length / oidSize) }, (_, i) =>
      bytes.toString("hex", i * oidSize, (i + 1) * oidSize),
    );
  } catch {
    return [];
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith("."));
  } catch {
    return [];
  }
}
