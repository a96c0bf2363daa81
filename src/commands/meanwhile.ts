import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { Repository } from "../git/repository.ts";
import type { Cache } from "../store/local/cache.ts";
import { readAheadSpecs } from "./entity-specs.ts";

export interface MeanwhileOptions {
  readonly repository: Repository;
  readonly cache: Cache;
  /** Once: looks whether hooks are missing. */
  readonly hooks: () => Promise<void>;
}

/**
 * What the filter does while git writes a file, its index, or runs its hooks, so that nobody waits for it afterwards. Nothing of it has to succeed, so it never
 * throws: whoever needs what could not be read meets the error, and says what it means.
 */
export class Meanwhile {
  readonly #options: MeanwhileOptions;
  #deferred: { readonly oid: string; readonly index: string } | undefined;
  #isDone = false;

  constructor(options: MeanwhileOptions) {
    this.#options = options;
  }

  /** There will be something to hydrate. To be called before git is answered. */
  deferred(oid: string): void {
    this.#deferred ??= { oid, index: this.#index() };
  }

  /** git has an answer. */
  prepare(): Promise<void> | undefined {
    const { cache } = this.#options;
    cache.prepareNext();
    if (this.#deferred === undefined || this.#isDone) return undefined;
    this.#isDone = true;
    return this.#lookAhead(this.#deferred.oid).catch(() => {});
  }

  async #lookAhead(oid: string): Promise<void> {
    const { cache, hooks } = this.#options;
    cache.isElsewhere(oid);
    await hooks();
    this.#rehearse();
  }

  /**
   * Where git has its index already, this was its only file, and it is with its hooks now: what hydrating is going to read is read once, so that its functions are
   * compiled, and known to be sound when it is still the same.
   */
  #rehearse(): void {
    const { repository, cache } = this.#options;
    if (this.#deferred === undefined || this.#index() === this.#deferred.index) return;
    cache.knownFile(this.#deferred.oid);
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
