import type { ChunkHash } from "../chunk/chunk-hash.ts";
import { isMlgitError } from "../error/mlgit-error.ts";
import type { Cache } from "../store/local/cache.ts";
import type { ChunkMaps, MappedChunk } from "../store/local/chunk-maps.ts";
import { wholeFileLimit } from "../store/local/layout.ts";
import type { EntryTable, EntryVisitor } from "../store/remote/entry-reader.ts";
import type { PlacedTerm } from "../store/remote/remote-store.ts";
import { type AssemblyTools, assemble } from "./assemble.ts";
import type { Assembly } from "./assembly.ts";
import { lyingTerm, unfinished } from "./gather-error.ts";
import { HalfDone } from "./half-done.ts";
import type { Meter } from "./meter.ts";
import type { Receiver } from "./receiver.ts";
import { SmallArrivals } from "./small-arrivals.ts";

export interface GathererParts {
  readonly cache: Cache;
  readonly hash: ChunkHash;
  readonly maps: ChunkMaps;
  readonly meter: Meter;
  readonly failed: Map<string, Error>;
  readonly receiver: Receiver | undefined;
  /** Whether entries are to be proven one by one. */
  readonly proves: boolean;
}

interface Gathered {
  readonly oid: string;
  readonly size: number;
  readonly terms: readonly PlacedTerm[];
  readonly assembly: Assembly;
  /** Entries that have not come. */
  left: number;
}

interface Place {
  readonly file: Gathered;
  readonly offset: number;
}

/** A run of entries that a file needs, and where in the file it begins. */
interface Run {
  readonly file: Gathered;
  readonly first: number;
  readonly count: number;
  readonly bytes: number;
  readonly offset: number;
}

/** Sorts arriving entries into the files that need them, and stores each file when its last entry came. */
export class FileGatherer implements EntryVisitor {
  readonly checksFiles: boolean;
  readonly #tools: AssemblyTools;
  readonly #hash: ChunkHash;
  readonly #maps: ChunkMaps;
  readonly #lengths = new Map<string, Uint32Array>();
  readonly #meter: Meter;
  readonly #failed: Map<string, Error>;
  readonly #runs = new Map<string, Run[]>();
  readonly #places = new Map<string, Map<number, Place[]>>();
  readonly #open = new Set<Gathered>();
  readonly #finishing: Promise<void>[] = [];
  #received = 0;

  constructor(parts: GathererParts) {
    const { cache, receiver } = parts;
    this.checksFiles = !parts.proves;
    const small = new SmallArrivals(cache, receiver);
    this.#tools = { cache, small, halfDone: new HalfDone(cache.layout.temp), receiver };
    this.#hash = parts.hash;
    this.#maps = parts.maps;
    this.#meter = parts.meter;
    this.#failed = parts.failed;
  }

  /** Bytes that came over the wire. */
  get bytes(): number {
    return this.#received;
  }

  /** Announces a file; returns its terms for the caller's plan. */
  want(oid: string, terms: readonly PlacedTerm[]): readonly PlacedTerm[] {
    const size = terms.reduce((sum, term) => sum + term.bytes, 0);
    const left = terms.reduce((sum, term) => sum + term.count, 0);
    const file = { oid, size, terms, left, assembly: assemble({ oid, size }, this.#tools) };
    this.#open.add(file);
    let offset = 0;
    for (const { pack, first, count, bytes } of terms) {
      const runs = this.#runs.get(pack.id) ?? [];
      runs.push({ file, first, count, bytes, offset });
      this.#runs.set(pack.id, runs);
      offset += bytes;
    }
    return terms;
  }

  hasTable(pack: string): boolean {
    return this.#places.has(pack);
  }

  table(pack: string, table: EntryTable): void {
    if (this.#places.has(pack)) return;
    this.#noteLengths(pack, table);
    const places = new Map<number, Place[]>();
    this.#places.set(pack, places);
    for (const run of this.#runs.get(pack) ?? []) {
      let offset = run.offset;
      for (let entry = run.first; entry < Math.min(run.first + run.count, table.count); entry++) {
        const at = places.get(entry);
        if (at) at.push({ file: run.file, offset });
        else places.set(entry, [{ file: run.file, offset }]);
        offset += table.plainLength(entry);
      }
      if (offset !== run.offset + run.bytes) this.#fail(run.file, lyingTerm(run.file.oid, pack));
    }
    for (const [entry, all] of places) this.#takeLeftovers(entry, all, { pack, table });
  }

  lacks(pack: string, entry: number): boolean {
    return (
      this.#places
        .get(pack)
        ?.get(entry)
        ?.some(({ file }) => this.#open.has(file)) ?? false
    );
  }

  entry(pack: string, entry: number, plain: Uint8Array): void {
    for (const { file, offset } of this.#places.get(pack)?.get(entry) ?? []) {
      if (!this.#open.has(file)) continue;
      this.#try(file, () => this.#came(file, plain.length, () => file.assembly.write(plain, offset)));
    }
  }

  failed(pack: string, entries: readonly number[], error: unknown): void {
    const wanted = new Set(entries);
    for (const run of this.#runs.get(pack) ?? [])
      for (let entry = run.first; entry < run.first + run.count; entry++)
        if (wanted.has(entry)) {
          this.#fail(run.file, error);
          break;
        }
  }

  received(bytes: number): void {
    this.#received += bytes;
  }

  /** Resolves when every file that is whole was stored. @throws what is wrong with the disk */
  async finished(): Promise<void> {
    await Promise.all(this.#finishing);
    this.#tools.small.store();
  }

  /** What is not whole by now is left to the next fetch, and is no file that came. */
  close(): void {
    for (const file of this.#open) {
      file.assembly.leave();
      if (!this.#failed.has(file.oid)) this.#failed.set(file.oid, unfinished(file.oid));
    }
    this.#open.clear();
  }

  /** What an earlier fetch wrote where an entry belongs, and hashes to it, came already. */
  #takeLeftovers(entry: number, all: Place[], { pack, table }: { pack: string; table: EntryTable }): void {
    const length = table.plainLength(entry);
    const lacking = all.filter(({ file, offset }) => {
      if (!this.#open.has(file)) return true;
      const bytes = table.id && file.assembly.leftover?.(offset, length);
      if (!bytes || !this.#hash(bytes).equals(table.id?.(entry) as Uint8Array)) return true;
      this.#try(file, () => this.#came(file, length, () => file.assembly.accept?.(offset, length)));
      return false;
    });
    if (lacking.length < all.length) this.#places.get(pack)?.set(entry, lacking);
  }

  #came(file: Gathered, length: number, take: () => void): void {
    take();
    this.#meter.advance(0, length);
    if (--file.left > 0) return;
    const finishing = file.assembly.finish();
    if (finishing) this.#finishLater(file, finishing);
    else this.#finished(file);
  }

  #finishLater(file: Gathered, finishing: Promise<void>): void {
    const noted = finishing.then(
      () => this.#finished(file),
      (error) => this.#failure(file, error),
    );
    // Whoever awaits `finished` gets the error.
    noted.catch(() => {});
    this.#finishing.push(noted);
  }

  #finished(file: Gathered): void {
    if (file.size >= wholeFileLimit) this.#maps.note(file.oid, this.#chunksOf(file));
    this.#open.delete(file);
    this.#meter.advance(1, 0);
  }

  #noteLengths(pack: string, table: EntryTable): void {
    this.#lengths.set(
      pack,
      Uint32Array.from({ length: table.count }, (_, entry) => table.plainLength(entry)),
    );
  }

  #chunksOf(file: Gathered): MappedChunk[] {
    return file.terms.flatMap(({ pack, first, count }) =>
      Array.from({ length: count }, (_, i) => ({
        pack: pack.id,
        entry: first + i,
        length: this.#lengths.get(pack.id)?.[first + i] ?? 0,
      })),
    );
  }

  /** What is wrong with one file is noted; what is wrong with the disk stops everything. */
  #try(file: Gathered, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#failure(file, error);
    }
  }

  #failure(file: Gathered, error: unknown): void {
    if (!isMlgitError(error) || error.kind !== "corrupt") throw error;
    this.#fail(file, error);
  }

  #fail(file: Gathered, error: unknown): void {
    if (!this.#open.delete(file)) return;
    // What came over a line that broke was right; what a store has wrong must not come back.
    if (isMlgitError(error) && error.kind === "unreachable") file.assembly.leave();
    else file.assembly.abort();
    this.#failed.set(
      file.oid,
      isMlgitError(error) || error instanceof Error ? (error as Error) : new Error(String(error)),
    );
  }
}
