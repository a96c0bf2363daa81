import { createHash, type Hash } from "node:crypto";
import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { onDisk } from "../error/disk-error.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import type { Cache } from "../store/local/cache.ts";
import { wholeFileLimit } from "../store/local/layout.ts";
import { readFully } from "../store/local/sealed-pack.ts";
import { uniqueName, writeAll } from "../util/durable.ts";

/** One file that is put together from chunks in any order. Verified as a whole before the cache gets it. */
export interface Assembly {
  /** Writes plain bytes at an offset; the pieces of a file do not overlap. */
  write(bytes: Uint8Array, offset: number): void;
  /** All bytes came: checks the hash and stores the file. @throws MlgitError kind `corrupt` */
  finish(): void;
  /** Leaves nothing behind. Harmless after finish. */
  abort(): void;
}

export function assemble(file: { readonly oid: string; readonly size: number }, cache: Cache): Assembly {
  return file.size < wholeFileLimit ? new SmallAssembly(file, cache) : new LargeAssembly(file, cache);
}

function mismatch(oid: string): MlgitError {
  return new MlgitError("corrupt", `the chunks that the store has for sha256:${oid} do not give this content`, {
    oid,
    hint: "run `git mlgit push --all` from a clone that has the file",
  });
}

class SmallAssembly implements Assembly {
  readonly #file: { readonly oid: string; readonly size: number };
  readonly #cache: Cache;
  /** Made when the first piece comes: many thousands of files may be waiting. */
  #content: Buffer | undefined;

  constructor(file: { oid: string; size: number }, cache: Cache) {
    this.#file = file;
    this.#cache = cache;
  }

  write(bytes: Uint8Array, offset: number): void {
    this.#content ??= Buffer.alloc(this.#file.size);
    this.#content.set(bytes, offset);
  }

  finish(): void {
    const content = this.#content ?? Buffer.alloc(0);
    if (createHash("sha256").update(content).digest("hex") !== this.#file.oid) throw mismatch(this.#file.oid);
    this.#cache.putSmall(this.#file.oid, content);
    this.#content = undefined;
  }

  abort(): void {
    this.#content = undefined;
  }
}

/** Grows in the cache's temporary folder. Pieces that come in order are hashed as they come, the rest is read back at the end. */
class LargeAssembly implements Assembly {
  readonly #file: { readonly oid: string; readonly size: number };
  readonly #cache: Cache;
  readonly #path: string;
  readonly #hash: Hash = createHash("sha256");
  #hashed = 0;
  #begun = false;

  constructor(file: { oid: string; size: number }, cache: Cache) {
    this.#file = file;
    this.#cache = cache;
    this.#path = join(cache.layout.temp, uniqueName());
  }

  write(bytes: Uint8Array, offset: number): void {
    this.#withFd((fd) => writeAll(fd, bytes, offset));
    if (offset !== this.#hashed) return;
    this.#hash.update(bytes);
    this.#hashed += bytes.length;
  }

  finish(): void {
    this.#withFd((fd) => {
      this.#hashRest(fd);
      if (this.#hash.digest("hex") !== this.#file.oid) throw mismatch(this.#file.oid);
      this.#cache.adoptLarge(this.#path, fd, this.#file.oid);
    });
  }

  abort(): void {
    rmSync(this.#path, { force: true });
  }

  #hashRest(fd: number): void {
    const buffer = Buffer.allocUnsafe(4 << 20);
    while (this.#hashed < this.#file.size) {
      const got = readFully(
        fd,
        buffer.subarray(0, Math.min(buffer.length, this.#file.size - this.#hashed)),
        this.#hashed,
      );
      if (got === 0) throw mismatch(this.#file.oid);
      this.#hash.update(buffer.subarray(0, got));
      this.#hashed += got;
    }
  }

  /** Thousands of files may be half done at once, so none is kept open. */
  #withFd(work: (fd: number) => void): void {
    onDisk("write", this.#path, () => {
      const fd = openSync(this.#path, this.#begun ? "r+" : "wx+", 0o600);
      this.#begun = true;
      try {
        work(fd);
      } finally {
        closeSync(fd);
      }
    });
  }
}
