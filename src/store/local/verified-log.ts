import { type BigIntStats, closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { writeDurable } from "../../util/durable.ts";

const recordSize = 80;

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
  #seen: Map<string, Seen> | undefined;

  constructor(journal: string) {
    this.#path = join(journal, "verified");
  }

  /** True if the file that now has `stat` was hashed as `oid` and did not change since. Links change ctime, so it counts only while there is one. */
  holds(oid: string, stat: BigIntStats): boolean {
    const seen = this.#load().get(oid);
    if (!seen || seen.size !== stat.size || seen.mtime !== stat.mtimeNs || seen.inode !== stat.ino) return false;
    return stat.nlink > 1n || seen.ctime === 0n || seen.ctime === stat.ctimeNs;
  }

  /** From now on the file has to be hashed again. */
  forget(oid: string): void {
    if (this.#load().delete(oid)) this.#append(oid, { size: 0n, mtime: 0n, inode: 0n, ctime: 1n });
  }

  /** Notes that the file with `stat` was hashed as `oid`. Failing to note is harmless. */
  note(oid: string, stat: BigIntStats): void {
    const seen = { size: stat.size, mtime: stat.mtimeNs, inode: stat.ino, ctime: stat.nlink > 1n ? 0n : stat.ctimeNs };
    this.#load().set(oid, seen);
    this.#append(oid, seen);
  }

  #append(oid: string, seen: Seen): void {
    try {
      const fd = openSync(this.#path, "a");
      writeSync(fd, encode(oid, seen));
      closeSync(fd);
    } catch {
      // A full disk is reported by whoever writes data.
    }
  }

  #load(): Map<string, Seen> {
    if (this.#seen) return this.#seen;
    this.#seen = new Map();
    let bytes: Buffer;
    try {
      bytes = readFileSync(this.#path);
    } catch {
      return this.#seen;
    }
    const damaged = decodeAll(bytes, this.#seen);
    if (damaged || bytes.length > 2 * recordSize * this.#seen.size + 1_000_000) this.#rewrite(this.#seen);
    return this.#seen;
  }

  #rewrite(seen: Map<string, Seen>): void {
    try {
      writeDurable(this.#path, Buffer.concat([...seen].map(([oid, one]) => encode(oid, one))));
    } catch {
      // As in note().
    }
  }
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

/** Fills `into`; true if some bytes were no record. */
function decodeAll(bytes: Buffer, into: Map<string, Seen>): boolean {
  let damaged = bytes.length % recordSize !== 0;
  for (let at = 0; at + recordSize <= bytes.length; at += recordSize) {
    const record = bytes.subarray(at, at + recordSize);
    if (crc32(record.subarray(0, 76)) !== record.readUInt32LE(76)) {
      damaged = true;
      continue;
    }
    into.set(record.toString("hex", 0, 32), {
      size: record.readBigUInt64LE(32),
      mtime: record.readBigInt64LE(40),
      inode: record.readBigUInt64LE(48),
      ctime: record.readBigInt64LE(56),
    });
  }
  return damaged;
}
