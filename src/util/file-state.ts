import type { BigIntStats } from "node:fs";

/** What tells one state of a file from another, and all that git's index keeps of it. */
export type FileState = Pick<
  BigIntStats,
  "dev" | "ino" | "mode" | "nlink" | "uid" | "gid" | "size" | "mtimeNs" | "ctimeNs"
>;

/** That of a stat, which takes three times the memory. */
export function stateOf({ dev, ino, mode, nlink, uid, gid, size, mtimeNs, ctimeNs }: FileState): FileState {
  return { dev, ino, mode, nlink, uid, gid, size, mtimeNs, ctimeNs };
}

/**
 * Bytes of a packed state: five numbers of 64 bits, four of 32. As an object it takes seven times as many, and there may be a million. What differs from file to file
 * comes first; what most files have in common begins at `commonAt`.
 */
export const stateLength = 56;
export const commonAt = 32;

/** Writes a state to `into` from `at` on. */
export function packState(state: FileState, into: Buffer, at: number): void {
  into.writeBigInt64LE(BigInt.asIntN(64, state.mtimeNs), at);
  into.writeBigInt64LE(BigInt.asIntN(64, state.ctimeNs), at + 8);
  into.writeBigUInt64LE(BigInt.asUintN(64, state.ino), at + 16);
  into.writeBigUInt64LE(BigInt.asUintN(64, state.size), at + 24);
  into.writeBigUInt64LE(BigInt.asUintN(64, state.dev), at + commonAt);
  into.writeUInt32LE(Number(BigInt.asUintN(32, state.mode)), at + 40);
  into.writeUInt32LE(Number(BigInt.asUintN(32, state.nlink)), at + 44);
  into.writeUInt32LE(Number(BigInt.asUintN(32, state.uid)), at + 48);
  into.writeUInt32LE(Number(BigInt.asUintN(32, state.gid)), at + 52);
}

/** The state that was packed there. */
export function unpackState(bytes: Buffer, at: number): FileState {
  return {
    mtimeNs: bytes.readBigInt64LE(at),
    ctimeNs: bytes.readBigInt64LE(at + 8),
    ino: bytes.readBigUInt64LE(at + 16),
    size: bytes.readBigUInt64LE(at + 24),
    dev: bytes.readBigUInt64LE(at + commonAt),
    mode: BigInt(bytes.readUInt32LE(at + 40)),
    nlink: BigInt(bytes.readUInt32LE(at + 44)),
    uid: BigInt(bytes.readUInt32LE(at + 48)),
    gid: BigInt(bytes.readUInt32LE(at + 52)),
  };
}
