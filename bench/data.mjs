import { createCipheriv, createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

const block = Buffer.alloc(4 * 1024 * 1024);

/** Bytes that do not compress and are the same for the same seed everywhere. */
function* noise(seed, length) {
  const key = createHash("sha256").update(seed).digest();
  const cipher = createCipheriv("aes-128-ctr", key.subarray(0, 16), key.subarray(16));
  for (let left = length; left > 0; left -= block.length)
    yield cipher.update(left < block.length ? block.subarray(0, left) : block);
}

/** Makes `files` files of `bytes` bytes below `folder`, a thousand in each subfolder; does nothing when they are there already. */
export function makeData(folder, { files, bytes }) {
  if (existsSync(join(folder, ".complete"))) return;
  for (let n = 0; n < files; n += 1) {
    const place = join(folder, "data", String(Math.floor(n / 1000)));
    mkdirSync(place, { recursive: true });
    writeNoise(join(place, `${String(n).padStart(6, "0")}.bin`), { seed: `file ${n}`, bytes });
  }
  writeFileSync(join(folder, ".complete"), "");
}

function writeNoise(path, { seed, bytes }) {
  const file = openSync(path, "w");
  for (const part of noise(seed, bytes)) writeSync(file, part);
  closeSync(file);
}

/** Overwrites `bytes` bytes in the middle of a file of `size` bytes. */
export function editMiddle(path, { size, bytes, seed }) {
  const file = openSync(path, "r+");
  let position = Math.floor((size - bytes) / 2);
  for (const part of noise(seed, bytes)) position += writeSync(file, part, 0, part.length, position);
  closeSync(file);
}
