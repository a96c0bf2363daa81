import { rmdirSync, unlinkSync } from "node:fs";
import { systemCode } from "../error/mlgit-error.ts";

const slash = 0x2f;

/** Removes a file if it is there, and the folders above it, down from `top`, that are empty then. True when it was there. */
export function removeFile(path: Buffer, top: string): boolean {
  try {
    unlinkSync(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) return false;
    throw error;
  }
  const least = Buffer.byteLength(top) + 1;
  for (let end = path.lastIndexOf(slash); end > least; end = path.lastIndexOf(slash, end - 1))
    try {
      rmdirSync(path.subarray(0, end));
    } catch {
      break;
    }
  return true;
}
