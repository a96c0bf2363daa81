import { closeSync, openSync, rmSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { onDisk } from "../error/disk-error.ts";
import type { Cache } from "../store/local/cache.ts";
import { worthDirect } from "../store/local/direct-take.ts";
import { takesDirectWrites } from "../util/direct-io.ts";
import type { Receiver } from "./receiver.ts";

interface CopyTools {
  readonly cache: Cache;
  readonly receiver: Receiver | undefined;
}

/** A copy of large content that grows in order, beside its hash, since cache and receiver want one each. */
export class SecondCopy {
  readonly path: Buffer;
  /** Written past the page cache: the cache gets this copy, which nobody reads soon, and the receiver what came out of order and so through the page cache. */
  readonly isForCache: boolean;
  readonly #oid: string;
  readonly #first: string;
  readonly #tools: CopyTools;

  /** Undefined where the receiver wants none. @param first where what comes is written */
  static of(file: { readonly oid: string; readonly size: number }, first: string, tools: CopyTools) {
    const path = tools.receiver?.copyTo?.(file.oid);
    return path && new SecondCopy(path, file, first, tools);
  }

  private constructor(path: Buffer, { oid, size }: { oid: string; size: number }, first: string, tools: CopyTools) {
    this.path = path;
    this.#oid = oid;
    this.#first = first;
    this.#tools = tools;
    this.isForCache = size >= worthDirect && tools.receiver?.ownsCache === true && maySwap(first, path);
  }

  /** Gives it to the cache. @throws MlgitError kind `disk` */
  adopt(): void {
    const path = this.path.toString();
    onDisk("write", path, () => {
      const fd = openSync(path, "r+");
      try {
        this.#tools.cache.adoptLarge(path, fd, this.#oid);
      } finally {
        closeSync(fd);
      }
    });
  }

  /** Gives the receiver what is for it. */
  hand(): void {
    this.#tools.receiver?.copied?.(this.#oid, this.isForCache ? Buffer.from(this.#first) : this.path);
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}

/** Each has to lie where it can be renamed to the other's place, and where writing past the page cache is known to be faster. */
function maySwap(first: string, copy: Buffer): boolean {
  const [from, to] = [dirname(first), dirname(copy.toString())];
  const isNamed = Buffer.from(copy.toString()).equals(copy);
  return isNamed && takesDirectWrites(statfsSync(to).type) && statSync(from).dev === statSync(to).dev;
}
