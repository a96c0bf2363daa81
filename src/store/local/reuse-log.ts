import { closeSync, constants, fstatSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { diskError, onDisk } from "../../error/disk-error.ts";
import { isMlgitError } from "../../error/mlgit-error.ts";
import { openPlain, readPlain } from "../plain-file.ts";

const recordSize = 32;
const prefix = "reused-";
/** Behind the number of the day: still a number of that day to whoever reads it. */
const beside = ".1";
/** Oids that are kept in mind. */
const mostNoted = 32_768;
const dayMs = 24 * 60 * 60 * 1000;

/**
 * Contents that were added once more while the cache had them: nothing else would show a collection that they are wanted again. One file of
 * bare 32-byte oids per day in `journal/`, only ever appended to. Who adds writes here first and then looks whether the content is
 * there; who drops takes it away first and then looks here. So one of the two always sees the other.
 */
export class ReuseLog {
  readonly #journal: string;
  readonly #noted = new Set<string>();
  #fd: number | undefined;

  constructor(journal: string) {
    this.#journal = journal;
  }

  /** @throws what the system throws: content must not be taken for safe when this failed. */
  note(oid: string): void {
    if (this.#noted.has(oid)) return;
    this.#fd ??= this.#open();
    if (writeSync(this.#fd, Buffer.from(oid, "hex")) !== recordSize) throw noRoom(this.#journal);
    // What is noted twice takes some bytes more on the disk.
    if (this.#noted.size >= mostNoted) this.#noted.clear();
    this.#noted.add(oid);
  }

  /** What is no file in its place must not stop whoever adds: then there is one beside it. */
  #open(): number {
    const path = join(this.#journal, `${prefix}${today()}`);
    return onDisk("write to", path, () => {
      try {
        return openAligned(path);
      } catch (error) {
        if (!isMlgitError(error)) throw error;
        return openAligned(`${path}${beside}`);
      }
    });
  }

  /** Lets go of the file. */
  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** Everything that was noted in the last `graceMs` and a day. Older files are removed. */
  recent(graceMs: number): Set<string> {
    const found = new Set<string>();
    const days = Math.ceil(graceMs / dayMs) + 1;
    for (const name of readdirSync(this.#journal)) {
      const path = join(this.#journal, name);
      // What is no file was never written to: fsck tells of it.
      if (!name.startsWith(prefix) || !statSync(path, { throwIfNoEntry: false })?.isFile()) continue;
      if (Number(name.slice(prefix.length)) < today() - days) rmSync(path, { force: true });
      else addAll(readPlain(path), found);
    }
    return found;
  }
}

/** What a full disk has cut off is filled up: behind it nothing would be read as it was written. */
function openAligned(path: string): number {
  const fd = openPlain(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
  const torn = fstatSync(fd).size % recordSize;
  if (torn > 0) writeSync(fd, Buffer.alloc(recordSize - torn));
  return fd;
}

/** A write that a full disk ends early is no error to the system. */
function noRoom(path: string): unknown {
  const error = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  return diskError(error, { doing: "write to", path });
}

/** Days since 1970. */
function today(): number {
  return Math.floor(Date.now() / dayMs);
}

function addAll(bytes: Buffer, into: Set<string>): void {
  for (let at = 0; at + recordSize <= bytes.length; at += recordSize)
    into.add(bytes.toString("hex", at, at + recordSize));
}
