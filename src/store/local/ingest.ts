import { hash } from "node:crypto";
import { closeSync, openSync, readSync, rmSync } from "node:fs";
import { onDisk } from "../../error/disk-error.ts";
import { writeAll } from "../../util/durable.ts";
import type { FileHash } from "../../util/file-hash.ts";
import { followFile } from "../../util/hash-thread.ts";
import { WriteBack } from "../../util/write-back.ts";
import { type CacheLayout, wholeFileLimit } from "./layout.ts";
import type { Flushed } from "./sync-queue.ts";
import { takeFile } from "./take-file.ts";

/** What an ingest needs of its cache. */
export interface IngestTarget {
  readonly layout: CacheLayout;
  putSmall(oid: string, content: Uint8Array): void;
  adoptLarge(temp: string, fd: number, oid: string, flushed?: Flushed): void;
}

/** What is less than a whole file is held; lent to one ingest at a time. */
const bufferSize = 4 << 20;
/** Of what is more, this much is read, written and hashed at a time: it stays in a core's own cache, which saves a tenth of the work. */
const stepSize = 512 << 10;
let spare: Buffer | undefined;

interface Spill {
  readonly path: string;
  readonly fd: number;
  readonly hash: FileHash;
  readonly back: WriteBack;
}

/**
 * Takes one content of unknown length, part by part, and stores it under its hash. Holds at most 4 MiB.
 * Every ingest ends with `finish` or `abort`.
 */
export class Ingest {
  readonly #target: IngestTarget;
  readonly #buffer: Buffer;
  #filled = 0;
  #size = 0;
  #written = 0;
  /** The buffer was given back: another ingest may be filling it. */
  #ended = false;
  #spill: Spill | undefined;
  #likely = 0;

  constructor(target: IngestTarget) {
    this.#target = target;
    this.#buffer = spare ?? Buffer.allocUnsafeSlow(bufferSize);
    spare = undefined;
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  /** Everything so far, while it is less than the buffer; a view that lives until the next write. */
  get head(): Uint8Array | undefined {
    return this.#spill ? undefined : this.#buffer.subarray(0, this.#filled);
  }

  write(part: Uint8Array): void {
    this.#size += part.length;
    for (let at = 0; at < part.length; ) {
      const taken = Math.min(part.length - at, this.#room);
      this.#buffer.set(at === 0 && taken === part.length ? part : part.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#room === 0) this.#flush();
    }
  }

  /** Takes the rest of an open file, without a buffer in between. `likely`: bytes that it seems to have. */
  readFrom(fd: number, likely: number): void {
    this.#likely = likely;
    if (likely >= wholeFileLimit) this.#open();
    for (;;) {
      const got = readSync(fd, this.#buffer, this.#filled, this.#room, null);
      if (got === 0) return;
      this.#size += got;
      this.#filled += got;
      if (this.#room === 0) this.#flush();
    }
  }

  /** Bytes that the buffer takes before it is written. */
  get #room(): number {
    return (this.#spill ? stepSize : bufferSize) - this.#filled;
  }

  /** Stores what came; the bytes are safe from a crash of this process when it returns. */
  finish(): { oid: string; size: number } {
    try {
      if (!this.#spill && this.#size < wholeFileLimit) return this.#finishSmall();
      this.#flush();
      const { path, fd, hash, back } = this.#open();
      const oid = hash.digest();
      this.#target.adoptLarge(path, fd, oid, back.end());
      return { oid, size: this.#size };
    } finally {
      this.abort();
    }
  }

  /** Forgets what came. Harmless after finish. */
  abort(): void {
    if (!this.#ended) spare = this.#buffer;
    this.#ended = true;
    if (!this.#spill) return;
    this.#spill.hash.drop();
    this.#spill.back.end();
    closeSync(this.#spill.fd);
    rmSync(this.#spill.path, { force: true });
    this.#spill = undefined;
  }

  #finishSmall(): { oid: string; size: number } {
    const content = this.#buffer.subarray(0, this.#filled);
    const oid = hash("sha256", content, "hex");
    this.#target.putSmall(oid, content);
    return { oid, size: this.#size };
  }

  #flush(): void {
    const { fd, hash, back } = this.#open();
    const bytes = this.#buffer.subarray(0, this.#filled);
    onDisk("store content in", this.#target.layout.temp, () => writeAll(fd, bytes));
    this.#written += bytes.length;
    hash.advance(this.#written, bytes);
    back.advance(this.#written);
    this.#filled = 0;
  }

  #open() {
    if (this.#spill) return this.#spill;
    const path = takeFile(this.#target.layout);
    const fd = onDisk("store content in", this.#target.layout.temp, () => openSync(path, "wx", 0o600));
    this.#spill = { path, fd, hash: followFile(path), back: new WriteBack(path, this.#likely) };
    return this.#spill;
  }
}
