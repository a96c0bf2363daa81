import { type BigIntStats, closeSync, constants, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "../../util/crc32.ts";
import { writeDurable } from "../../util/durable.ts";
import { openPlain, readPlain } from "../plain-file.ts";

const recordSize = 80;
const oidSize = 32;

/** The state of a file that was hashed: if nothing of this changed since, its bytes did not either. */
interface Seen {
  readonly size: bigint;
  readonly mtime: bigint;
  readonly inode: bigint;
  readonly ctime: bigint;
}

/**
 * Remembers which cached files were hashed on this machine, and in what state they were then (invariant 3).
 * An append-only file of fixed records, oid · size · mtime ns · inode · ctime ns · CRC-32; what does not check is forgotten, and
 * forgetting only costs hashing again.
 */
export class VerifiedLog {
  readonly #path: string;
  #records: Records | undefined;
  readonly #trusted = new Map<string, Seen>();

  constructor(journal: string) {
    this.#path = join(journal, "verified");
  }

  /** True if the file that now has `stat` was hashed as `oid` and did not change since. Links change ctime, so it counts only while there is one. */
  holds(oid: string, stat: BigIntStats): boolean {
    const seen = this.#trusted.get(oid) ?? this.#load().get(oid);
    if (!seen || seen.size !== stat.size || seen.mtime !== stat.mtimeNs || seen.inode !== stat.ino) return false;
    return stat.nlink > 1n || seen.ctime === 0n || seen.ctime === stat.ctimeNs;
  }

  /** From now on the file has to be hashed again. */
  forget(oid: string): void {
    this.#trusted.delete(oid);
    if (this.#load().get(oid)) this.#add(oid, { size: 0n, mtime: 0n, inode: 0n, ctime: 1n });
  }

  /** Notes that the file with `stat` was hashed as `oid`. Failing to note is harmless. */
  note(oid: string, stat: BigIntStats): void {
    if (this.#trusted.has(oid)) this.trust(oid, stat);
    else this.#note(oid, seenOf(stat));
  }

  /** The same for this process alone, until `settle`: what is not on the disk yet must not be believed after a power cut. */
  trust(oid: string, stat: BigIntStats): void {
    this.#trusted.set(oid, seenOf(stat));
  }

  /** What was trusted is on the disk. */
  settle(oid: string): void {
    const seen = this.#trusted.get(oid);
    this.#trusted.delete(oid);
    if (seen) this.#note(oid, seen);
  }

  #note(oid: string, seen: Seen): void {
    const known = this.#load().get(oid);
    if (!known || !isSame(known, seen)) this.#add(oid, seen);
  }

  #add(oid: string, seen: Seen): void {
    const record = encode(oid, seen);
    this.#load().set(oid, record);
    try {
      const fd = openPlain(this.#path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
      try {
        writeSync(fd, record);
      } finally {
        closeSync(fd);
      }
    } catch {
      // A full disk is reported by whoever writes data.
    }
  }

  #load(): Records {
    if (this.#records) return this.#records;
    const bytes = readOrNothing(this.#path);
    this.#records = new Records(bytes);
    const broken = bytes.length % recordSize !== 0;
    if (broken || bytes.length > 2 * recordSize * this.#records.count + 1_000_000) this.#rewrite(this.#records);
    return this.#records;
  }

  #rewrite(records: Records): void {
    try {
      writeDurable(this.#path, records.sound());
    } catch {
      // As in #add.
    }
  }
}

/** The latest record of each oid, read when it is asked for: a checkout asks for a few of many. */
class Records {
  readonly #latest = new Map<string, Buffer>();
  /** Who asks for a record asks again when the file was linked. */
  #last: { readonly oid: string; readonly seen: Seen | undefined } | undefined;

  constructor(bytes: Buffer) {
    for (let at = 0; at + recordSize <= bytes.length; at += recordSize)
      this.#latest.set(bytes.toString("latin1", at, at + oidSize), bytes.subarray(at, at + recordSize));
  }

  get count(): number {
    return this.#latest.size;
  }

  get(oid: string): Seen | undefined {
    if (this.#last?.oid === oid) return this.#last.seen;
    const record = this.#latest.get(Buffer.from(oid, "hex").toString("latin1"));
    const seen = record && isSound(record) ? decode(record) : undefined;
    this.#last = { oid, seen };
    return seen;
  }

  set(oid: string, record: Buffer): void {
    this.#last = undefined;
    this.#latest.set(Buffer.from(oid, "hex").toString("latin1"), record);
  }

  /** What can be read, as the file is to hold it. */
  sound(): Buffer {
    return Buffer.concat([...this.#latest.values()].filter(isSound));
  }
}

function readOrNothing(path: string): Buffer {
  try {
    return readPlain(path);
  } catch {
    return Buffer.alloc(0);
  }
}

function seenOf(stat: BigIntStats): Seen {
  return { size: stat.size, mtime: stat.mtimeNs, inode: stat.ino, ctime: stat.nlink > 1n ? 0n : stat.ctimeNs };
}

function isSame(a: Seen, b: Seen): boolean {
  return a.size === b.size && a.mtime === b.mtime && a.inode === b.inode && a.ctime === b.ctime;
}

function encode(oid: string, seen: Seen): Buffer {
  const record = Buffer.alloc(recordSize);
  record.write(oid, 0, 32, "hex");
  record.writeBigUInt64LE(seen.size, 32);
  record.writeBigInt64LE(seen.mtime, 40);
  record.writeBigUInt64LE(seen.inode, 48);
  record.writeBigInt64LE(seen.ctime, 56);
  record.writeUInt32LE(crc32(record.subarray(0, 76)), 76);
  return record;
}

function isSound(record: Buffer): boolean {
  return crc32(record.subarray(0, 76)) === record.readUInt32LE(76);
}

function decode(record: Buffer): Seen {
  return {
    size: record.readBigUInt64LE(32),
    mtime: record.readBigInt64LE(40),
    inode: record.readBigUInt64LE(48),
    ctime: record.readBigInt64LE(56),
  };
}
