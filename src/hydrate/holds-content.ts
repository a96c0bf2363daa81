import { type BigIntStats, closeSync, fstatSync, readFileSync } from "node:fs";
import { systemCode } from "../error/mlgit-error.ts";
import { hashFd } from "../util/hash-file.ts";
import { openWorktreeFile } from "./place-file.ts";
import { isSameFile } from "./replace-file.ts";

/** The state in which a plain file had exactly these bytes, which are read; undefined when it has others, or is no plain file. */
export function statIfHolding(file: Buffer, { oid, size }: { readonly oid: string; readonly size: number }) {
  return statIf(file, size, (fd) => hashFd(fd) === oid);
}

/** The same of bytes that are in memory. */
export function statIfExactly(file: Buffer, bytes: Buffer) {
  return statIf(file, bytes.length, (fd) => readFileSync(fd).equals(bytes));
}

function statIf(file: Buffer, size: number, isRight: (fd: number) => boolean): BigIntStats | undefined {
  let fd: number;
  try {
    fd = openWorktreeFile(file);
  } catch (error) {
    if (["ENOENT", "ELOOP", "ENXIO"].includes(systemCode(error) ?? "")) return undefined;
    throw error;
  }
  try {
    const stat: BigIntStats = fstatSync(fd, { bigint: true });
    const holds = stat.isFile() && stat.size === BigInt(size) && isRight(fd);
    return holds && isSameFile(stat, fstatSync(fd, { bigint: true })) ? stat : undefined;
  } finally {
    closeSync(fd);
  }
}
