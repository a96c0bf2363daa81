import { rmSync, statSync, truncateSync } from "node:fs";
import { onDisk } from "../error/disk-error.ts";
import type { Cache } from "../store/local/cache.ts";
import { writeAll } from "../util/durable.ts";
import type { FileHash } from "../util/file-hash.ts";
import { followFile } from "../util/hash-thread.ts";
import { OpenFiles } from "../util/open-files.ts";
import { readFully } from "../util/read-fully.ts";
import { WriteBack } from "../util/write-back.ts";
import type { Assembly } from "./assembly.ts";
import { contentMismatch } from "./content-mismatch.ts";
import type { HalfDone } from "./half-done.ts";
import type { Receiver } from "./receiver.ts";
import { SecondCopy } from "./second-copy.ts";
import { WrittenRanges } from "./written-ranges.ts";

/** Large enough that a message a step costs nothing. */
const hashStep = 4 << 20;
/** Thousands of files may be half done at once, and few are written at a time. */
const openFiles = new OpenFiles(64);

export interface LargeAssemblyTools {
  readonly cache: Cache;
  readonly halfDone: HalfDone;
  readonly receiver: Receiver | undefined;
}

/** Grows in the cache's temporary folder, and is hashed beside that as far as it is there from its beginning. */
export class LargeAssembly implements Assembly {
  readonly #file: { readonly oid: string; readonly size: number };
  readonly #tools: LargeAssemblyTools;
  readonly #path: string;
  readonly #hash: FileHash;
  readonly #copy: SecondCopy | undefined;
  readonly #written = new WrittenRanges();
  /** Of the file, and of its copy where that goes through the page cache. */
  readonly #back: readonly WriteBack[];
  #told = 0;
  #begun: boolean;
  readonly #hadBytes: boolean;

  constructor(file: { oid: string; size: number }, tools: LargeAssemblyTools) {
    this.#file = file;
    this.#tools = tools;
    const { path, begun } = tools.halfDone.claim(file.oid);
    this.#path = path;
    this.#begun = begun;
    this.#hadBytes = begun;
    if (begun) this.#cutOff();
    this.#copy = SecondCopy.of(file, path, tools);
    this.#hash = followFile(path, this.#copy?.path, this.#copy?.isForCache ? file.size : undefined);
    const cached = this.#copy && !this.#copy.isForCache ? [path, this.#copy.path] : [path];
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
    if (oid !== this.#file.oid) throw contentMismatch(this.#file.oid);
    const copy = this.#hash.copied ? this.#copy : undefined;
    if (copy?.isForCache) copy.adopt();
    else this.#withFd((fd) => this.#tools.cache.adoptLarge(this.#path, fd, oid, flushed));
    openFiles.close(this.#path);
    copy?.hand();
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
    if (this.#hash.copied) this.#copy?.remove();
  }

  #withFd(work: (fd: number) => void): void {
    onDisk("write", this.#path, () => {
      work(openFiles.open(this.#path, this.#begun ? "r+" : "wx+"));
      this.#begun = true;
    });
  }
}
