import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Damages one file of the cache at random: a flipped bit, or its end cut off. Returns what was done. */
export function damage(cache, random) {
  if (!existsSync(cache)) return undefined;
  const files = readdirSync(cache, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "version")
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => !path.includes("/log/") && !path.includes("/bad/") && lstatSync(path).nlink === 1)
    .sort();
  if (files.length === 0) return undefined;
  const path = random.pick(files);
  const bytes = readFileSync(path);
  if (bytes.length === 0) return undefined;
  const { mode } = lstatSync(path);
  chmodSync(path, 0o644);
  const at = random.below(bytes.length);
  if (random.chance(40)) {
    truncateSync(path, at);
    return `${path} cut to ${at} of ${bytes.length} bytes`;
  }
  bytes[at] ^= 1 << random.below(8);
  writeFileSync(path, bytes);
  chmodSync(path, mode & 0o777);
  return `${path}: byte ${at} of ${bytes.length} flipped`;
}
