import type { Cache } from "../store/local/cache.ts";
import { wholeFileLimit } from "../store/local/layout.ts";
import type { SmallContent } from "../store/local/small-files.ts";
import type { Receiver } from "./receiver.ts";

/** No more than one write can take. */
const mostFiles = 256;

/** Small files that came and were verified, until they are stored together: a write for each takes longer than what is written. */
export class SmallArrivals {
  readonly #cache: Cache;
  readonly #receiver: Receiver | undefined;
  #buffer: Buffer | undefined;
  #used = 0;
  #files: SmallContent[] = [];

  constructor(cache: Cache, receiver: Receiver | undefined) {
    this.#cache = cache;
    this.#receiver = receiver;
  }

  /** Keeps a copy. @throws MlgitError kind `disk` */
  add(oid: string, content: Uint8Array): void {
    this.#buffer ??= Buffer.allocUnsafeSlow(wholeFileLimit);
    if (this.#used + content.length > this.#buffer.length || this.#files.length === mostFiles) this.store();
    const kept = this.#buffer.subarray(this.#used, this.#used + content.length);
    kept.set(content);
    this.#used += content.length;
    this.#files.push({ oid, content: kept });
  }

  /** Everything so far is in the cache when it returns. @throws MlgitError kind `disk` */
  store(): void {
    const files = this.#files;
    this.#files = [];
    this.#used = 0;
    this.#cache.putManySmall(files);
    for (const { oid, content } of files) this.#receiver?.arrived(oid, content);
  }
}
