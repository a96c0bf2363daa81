import { createCipheriv, createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

const block = Buffer.alloc(4 * 1024 * 1024);

/** Bytes that do not compress and are the same for the same seed everywhere. */
export function* noise(seed, length) {
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

/**
 * `files` files of `bytes[0]` to `bytes[1]` bytes that do not compress, a thousand in each subfolder of `folder`; most of them are small, as labels
 * and thumbnails are: of 1 to 2 kB there are as many as of 10 to 20 kB.
 */
export function makeSmallFiles(folder, { files, bytes: [least, most] }) {
  for (let n = 0; n < files; n += 1) {
    // Sizes are spread evenly by their logarithm, and the same everywhere.
    const size = Math.round(least * (most / least) ** (((n * 7919) % 10_007) / 10_006));
    writeFileSync(placeOf(folder, n), smallNoise(`small ${n}`, size));
  }
}

/** As many files that hold what git keeps instead of them. */
export function makePointers(folder, files) {
  for (let n = 0; n < files; n += 1) writeFileSync(placeOf(folder, n), pointerOf(`small ${n}`));
}

/** Gives some files, evenly chosen among all, another content of the same kind. */
export function editSmallFiles(folder, count) {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = all.map((entry) => join(entry.parentPath, entry.name)).sort();
  const step = Math.max(1, Math.floor(names.length / count));
  for (const name of names.filter((_, i) => i % step === 0).slice(0, count)) {
    const { size } = statSync(name);
    const isPointer = readFileSync(name).subarray(0, 14).equals(Buffer.from("version mlgit/"));
    writeFileSync(name, isPointer ? pointerOf(`edited ${name}`) : smallNoise(`edited ${name}`, size));
  }
}

function placeOf(folder, n) {
  const place = join(folder, String(Math.floor(n / 1000)).padStart(4, "0"));
  if (n % 1000 === 0) mkdirSync(place, { recursive: true });
  return join(place, `${String(n).padStart(7, "0")}.bin`);
}

function smallNoise(seed, length) {
  return Buffer.concat([...noise(seed, length)]);
}

function pointerOf(seed) {
  return `version mlgit/1\noid sha256:${createHash("sha256").update(seed).digest("hex")}\nsize 10000\n`;
}
