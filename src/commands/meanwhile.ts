import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { Repository } from "../git/repository.ts";
import { DeferredJournal, type DeferredPath } from "../hydrate/deferred.ts";
import type { Cache } from "../store/local/cache.ts";
import { wholeFileLimit } from "../store/local/layout.ts";
import { holdOptimizer, releaseOptimizer } from "../util/optimizer.ts";
import { readAheadSpecs } from "./entity-specs.ts";

/** Deferred paths from which on holding the optimizer gives more than it takes (2 ms, for a module of Node's). */
const heldFrom = 8;
/** Answers after which it would have been worth its time. */
const heldTo = 1000;

export interface MeanwhileOptions {
  readonly repository: Repository;
  readonly cache: Cache;
  /** Once: looks whether hooks are missing. */
  readonly hooks: () => Promise<void>;
  /** A path could not be put on the list of what is to be hydrated: it keeps its pointer. */
  readonly failed: (path: Buffer, error: unknown) => void;
}

/**
 * What the filter does while git writes a file, its index, or runs its hooks, so that nobody waits for it. Nothing that is read ahead has to
 * succeed: whoever needs what could not be read meets the error, and says what it means.
 */
export class Meanwhile {
  readonly #options: MeanwhileOptions;
  readonly #journal: DeferredJournal;
  #first: { readonly oid: string; readonly index: string } | undefined;
  /** Deferred since git had an answer: how many paths, and contents of which it matters whether a store has them. */
  #newPaths = 0;
  #news: string[] = [];
  #deferred = 0;
  #answers = 0;
  #isAhead = false;

  constructor(options: MeanwhileOptions) {
    this.#options = options;
    this.#journal = new DeferredJournal(options.repository.gitDir);
  }

  /** git's ids of pointers that were deferred, by what they point to, as far as git told them. */
  readonly blobs = new Map<string, string>();

  /**
   * The path is to be hydrated. To be called before git is answered: after its last answer git may run hooks, who hydrate what is on the list, and then the user's own.
   * @param blob git's id of its pointer, if known
   */
  defer(item: DeferredPath, blob: string | undefined): void {
    this.#first ??= { oid: item.oid, index: this.#index() };
    this.#newPaths++;
    // Only what is linked asks whether a store has it, and small content never is.
    if (item.size >= wholeFileLimit) this.#news.push(item.oid);
    if (blob !== undefined && this.#answers < heldTo) this.blobs.set(item.oid, blob);
    try {
      this.#journal.append(item);
    } catch (error) {
      this.#options.failed(item.path, error);
    }
  }

  /** git has an answer. */
  prepare(): Promise<void> | undefined {
    const { cache } = this.#options;
    cache.prepareNext();
    this.#holdOptimizer();
    for (const oid of this.#news.splice(0)) this.#askStores(oid);
    if (this.#first === undefined || this.#isAhead) return undefined;
    this.#isAhead = true;
    return this.#lookAhead().catch(() => {});
  }

  #holdOptimizer(): void {
    const isNew = this.#newPaths > 0;
    this.#deferred += this.#newPaths;
    this.#newPaths = 0;
    this.#answers++;
    if (isNew && this.#deferred === heldFrom && this.#answers < heldTo) holdOptimizer();
    if (this.#answers === heldTo) releaseOptimizer();
  }

  /** The answer is remembered. */
  #askStores(oid: string): void {
    try {
      this.#options.cache.isElsewhere(oid);
    } catch {
      // As above.
    }
  }

  async #lookAhead(): Promise<void> {
    await this.#options.hooks();
    this.#rehearse();
  }

  /**
   * Where git has its index already, this was its only file, and it is with its hooks now: what hydrating is going to read is read once, so that its functions are
   * compiled, and known to be sound when it is still the same.
   */
  #rehearse(): void {
    const { repository, cache } = this.#options;
    if (this.#first === undefined || this.#index() === this.#first.index) return;
    cache.knownFile(this.#first.oid);
    readAheadSpecs(repository);
  }

  /** Another text for another file: git replaces its index. */
  #index(): string {
    try {
      const { ino, ctimeMs } = lstatSync(join(this.#options.repository.gitDir, "index"));
      return `${ino} ${ctimeMs}`;
    } catch {
      return "";
    }
  }
}
