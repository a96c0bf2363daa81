import { createHash } from "node:crypto";
import { passesThrough } from "../pointer/pass-through.ts";
import { formatPointer, pointerLimit } from "../pointer/pointer.ts";

/** How every text of `git mlgit textconv` begins that stands for content. */
const described = /^oid sha256:[0-9a-f]{64}\nsize [1-9][0-9]* \(/;
const describedLength = 128;

/**
 * The answer to clean where git only compares it and keeps it nowhere: the same pointer, and nothing goes into the cache. With `mayBeText` a text of
 * `git mlgit textconv` passes through as well: git blame has what textconv made of a file cleaned too, and compares that with the text of each commit.
 */
export function compareContent(content: Iterable<Uint8Array>, mayBeText: boolean): Uint8Array {
  const hash = createHash("sha256");
  const parts: Buffer[] = [];
  let size = 0;
  let isText = false;
  for (const part of content) {
    if (size === 0 && mayBeText) isText = isDescription(part);
    hash.update(part);
    if (isText || size < pointerLimit) parts.push(Buffer.from(part));
    size += part.length;
  }
  if (isText) return Buffer.concat(parts);
  if (size < pointerLimit) {
    const whole = Buffer.concat(parts);
    if (passesThrough(whole)) return whole;
  }
  return formatPointer({ oid: hash.digest("hex"), size });
}

function isDescription(start: Uint8Array): boolean {
  return described.test(Buffer.from(start.subarray(0, describedLength)).toString("latin1"));
}
