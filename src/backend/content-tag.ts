import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

const mebibyte = 1 << 20;
/** S3 takes no more parts than that for one object. */
const mostParts = 10_000;
/** Sizes of parts that uploaders are known to take. */
const usualParts = [5, 8, 10, 15, 16, 25, 32, 50, 64, 100, 128, 256, 512].map((size) => size * mebibyte);

/** Bytes of the parts that a file of this size is sent in: a multiple of 8 MiB. */
export function partSizeFor(size: number): number {
  const unit = 8 * mebibyte;
  return unit * Math.max(1, Math.ceil(size / mostParts / unit));
}

/**
 * True when an object's tag proves that it holds what the file holds: its MD5, or the MD5 of those of its parts, as S3 makes them. False proves nothing:
 * tags of encrypted objects and of other places are other things.
 */
export async function isTagOf(file: string, size: number, tag: string | undefined): Promise<boolean> {
  const [, sum, count] = /^([0-9a-f]{32})(?:-(\d{1,5}))?$/.exec(tag ?? "") ?? [];
  if (sum === undefined) return false;
  if (count === undefined) return (await partSums(file, Math.max(size, 1)))[0]?.toString("hex") === sum;
  const likely = new Set([partSizeFor(size), ...usualParts]);
  for (const part of likely) {
    if (Math.ceil(size / part) !== Number(count)) continue;
    if (joinedTag(await partSums(file, part)) === tag) return true;
  }
  return false;
}

/** The tag of an object made of parts: MD5 of their MD5s, and how many there are. */
export function joinedTag(digests: readonly Uint8Array[]): string {
  return `${createHash("md5").update(Buffer.concat(digests)).digest("hex")}-${digests.length}`;
}

/** The MD5 of each part; of an empty file that of nothing. */
async function partSums(file: string, part: number): Promise<Buffer[]> {
  const sums: Buffer[] = [];
  let hash = createHash("md5");
  let left = part;
  for await (const chunk of createReadStream(file, { highWaterMark: mebibyte }) as AsyncIterable<Buffer>)
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + left);
      hash.update(piece);
      at += piece.length;
      left -= piece.length;
      if (left > 0) continue;
      sums.push(hash.digest());
      hash = createHash("md5");
      left = part;
    }
  return left < part || sums.length === 0 ? [...sums, hash.digest()] : sums;
}
