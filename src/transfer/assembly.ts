import { hash } from "node:crypto";
import { closeSync, openSync, rmSync, statfsSync, statSync, truncateSync } from "node:fs";
import { dirname } from "node:path";
import { onDisk } from "../error/disk-error.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { howToMend } from "../store/how-to-mend.ts";
import type { Cache } from "../store/local/cache.ts";
import { worthDirect } from "../store/local/direct-take.ts";
import { wholeFileLimit } from "../store/local/layout.ts";
import { takesDirectWrites } from "../util/direct-io.ts";
import { writeAll } from "../util/durable.ts";
import type { FileHash } from "../util/file-hash.ts";
import { followFile } from "../util/hash-thread.ts";
import { OpenFiles } from "../util/open-files.ts";
import { readFully } from "../util/read-fully.ts";
import { WriteBack } from "../util/write-back.ts";
import type { HalfDone } from "./half-done.ts";
import type { Receiver } from "./receiver.ts";
import type { SmallArrivals } from "./small-arrivals.ts";
import { WrittenRanges } from "./written-ranges.ts";

/** One file that is put together from chunks in any order. Verified as a whole before the cache gets it. */
export interface Assembly {
  /** Writes plain bytes at an offset; the pieces of a file do not overlap. */
  write(bytes: Uint8Array, offset: number): void;
  /** All bytes came: checks the hash and stores the file, at once where it is small. @throws MlgitError kind `corrupt`, or rejects with it */
  finish(): Promise<void> | undefined;
  /** Leaves nothing behind. Harmless after finish. */
  abort(): void;
  /** Leaves what came to the next fetch. Harmless after finish. */
  leave(): void;
  /** Bytes that an earlier fetch left here, unverified; undefined where it left none. */
  leftover?(offset: number, length: number): Uint8Array | undefined;
  /** These bytes of an earlier fetch were verified: they need not be written. */
  accept?(offset: number, length: number): void;
}

/** Large enough that a message a step costs nothing. */
const hashStep = 4 << 20;
/** Thousands of files may be half done at once, and few are written at a time. */
const openFiles = new OpenFiles(64);

export function assemble(file: { readonly oid: string; readonly size: number }, tools: AssemblyTools): Assembly {
  return file.size < wholeFileLimit ? new SmallAssembly(file, tools.small) : new LargeAssembly(file, tools);
}

export interface AssemblyTools {
  readonly cache: Cache;
  readonly small: SmallArrivals;
  readonly halfDone: HalfDone;
  readonly receiver: Receiver | undefined;
}

/**
 * Whether the copy that grows in order is better written past the page cache and given to the cache, which nobody reads soon; what comes out of order has to go through
 * the page cache, where whoever wanted a copy finds it. Each has to lie where it can be renamed to the other's place.
 */
function takesDirectCopy(path: string, copy: Buffer): boolean {
  const [from, to] = [dirname(path), dirname(copy.toString())];
  const isNamed = Buffer.from(copy.toString()).equals(copy);
  return isNamed && takesDirectWrites(statfsSync(to).type) && statSync(from).dev === statSync(to).dev;
}

function mismatch(oid: string): MlgitError {
  return new MlgitError("corrupt", `the chunks that the store has for sha256:${oid} do not give this content`, {
    oid,
    hint: howToMend,
  });
}

class SmallAssembly implements Assembly {
  readonly #file: { readonly oid: string; readonly size: number };
  readonly #arrivals: SmallArrivals;
  /** Made when the first of several pieces comes: many thousands of files may be waiting. */
  #content: Buffer | undefined;
  #stored = false;

  constructor(file: { oid: string; size: number }, arrivals: SmallArrivals) {
    this.#file = file;
    this.#arrivals = arrivals;
  }

  write(bytes: Uint8Array, offset: number): void {
    // Most small files are one piece, which is stored from where it lies.
    if (bytes.length === this.#file.size) this.#store(bytes);
    else {
      this.#content ??= Buffer.alloc(this.#file.size);
      this.#content.set(bytes, offset);
    }
  }

  finish(): undefined {
    if (!this.#stored) this.#store(this.#content ?? Buffer.alloc(0));
    this.#content = undefined;
  }

  #store(content: Uint8Array): void {
    if (hash("sha256", content, "hex") !== this.#file.oid) throw mismatch(this.#file.oid);
    this.#arrivals.add(this.#file.oid, content);
    this.#stored = true;
  }

  abort(): void {
    this.#content = undefined;
  }

  leave(): void {
    this.abort();
  }
}

/** Grows in the cache's temporary folder, and is hashed beside that as far as it is there from its beginning. */
class LargeAssembly implements Assembly {
  readonly #file: { readonly oid: string; readonly size: number };
  readonly #tools: AssemblyTools;
  readonly #path: string;
  readonly #hash: FileHash;
  /** Grows beside it for whoever will want one. */
  readonly #copy: Buffer | undefined;
  /** The copy is for the cache, and what grew is for whoever wanted one. */
  readonly #swaps: boolean;
  readonly #written = new WrittenRanges();
  /** Of the file, and of its copy where that goes through the page cache. */
  readonly #back: readonly WriteBack[];
  #told = 0;
  #begun: boolean;
  readonly #hadBytes: boolean;

  constructor(file: { oid: string; size: number }, tools: AssemblyTools) {
    this.#file = file;
    this.#tools = tools;
    const { path, begun } = tools.halfDone.claim(file.oid);
    this.#path = path;
    this.#begun = begun;
    this.#hadBytes = begun;
    if (begun) this.#cutOff();
    this.#copy = tools.receiver?.copyTo?.(file.oid);
    const maySwap = file.size >= worthDirect && tools.receiver?.ownsCache === true;
    this.#swaps = maySwap && this.#copy !== undefined && takesDirectCopy(path, this.#copy);
    this.#hash = followFile(this.#path, this.#copy, this.#swaps ? file.size : undefined);
    const cached = this.#copy && !this.#swaps ? [path, this.#copy] : [path];
    this.#back = cached.map((one) => new WriteBack(one, file.size));
  }

  /** A store that lied about the size may have left bytes behind the end, where the hash does not look. */
  #cutOff(): void {
    const { size } = this.#file;
    onDisk("write", this.#path, () => {
      if (statSync(this.#path).size > size) truncateSync(this.#path, size);
    });
  }

  leftover(offset: number, length: number): Uint8Array | undefined {
    if (!this.#hadBytes) return undefined;
    const bytes = Buffer.allocUnsafe(length);
    let got = 0;
    this.#withFd((fd) => {
      got = readFully(fd, bytes, offset);
    });
    return got === length ? bytes : undefined;
  }

  accept(offset: number, length: number): void {
    this.#note(offset, length);
  }

  write(bytes: Uint8Array, offset: number): void {
    this.#withFd((fd) => writeAll(fd, bytes, offset));
    this.#note(offset, bytes.length);
  }

  #note(offset: number, length: number): void {
    this.#written.add(offset, offset + length);
    if (this.#written.prefix - this.#told < hashStep) return;
    this.#told = this.#written.prefix;
    this.#hash.advance(this.#told);
    for (const one of this.#back) one.advance(this.#told);
  }

  async finish(): Promise<void> {
    this.#hash.advance(this.#file.size);
    const oid = await this.#hash.digestLater();
    const flushed = this.#endWriteBack();
    if (oid !== this.#file.oid) throw mismatch(this.#file.oid);
    const copy = this.#hash.copied ? this.#copy : undefined;
    if (copy && this.#swaps) this.#adoptCopy(oid, copy);
    else this.#withFd((fd) => this.#tools.cache.adoptLarge(this.#path, fd, oid, flushed));
    openFiles.close(this.#path);
    if (copy) this.#tools.receiver?.copied?.(oid, this.#swaps ? Buffer.from(this.#path) : copy);
  }

  #adoptCopy(oid: string, copy: Buffer): void {
    onDisk("write", copy.toString(), () => {
      const fd = openSync(copy, "r+");
      try {
        this.#tools.cache.adoptLarge(copy.toString(), fd, oid);
      } finally {
        closeSync(fd);
      }
    });
  }

  abort(): void {
    this.#dropHash();
    openFiles.close(this.#path);
    rmSync(this.#path, { force: true });
  }

  leave(): void {
    this.#dropHash();
    openFiles.close(this.#path);
    if (this.#begun) this.#tools.halfDone.leave(this.#path);
  }

  /** What became of the file's; its copy is the worktree's, and no more durable than what git writes there. */
  #endWriteBack(): ReturnType<WriteBack["end"]> {
    const [flushed] = this.#back.map((one) => one.end());
    return flushed;
  }

  #dropHash(): void {
    this.#endWriteBack();
    this.#hash.drop();
    if (this.#copy && this.#hash.copied) rmSync(this.#copy, { force: true });
  }

  #withFd(work: (fd: number) => void): void {
    onDisk("write", this.#path, () => {
      work(openFiles.open(this.#path, this.#begun ? "r+" : "wx+"));
      this.#begun = true;
    });
  }
}
