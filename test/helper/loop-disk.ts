import { execFileSync } from "node:child_process";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";

export interface LoopDisk {
  readonly path: string;
  unmount(): void;
}

/**
 * Makes a file system in a file beside `path` and mounts it there; undefined, with a line on the console, where that cannot be done.
 * `options` are more words for its mkfs.
 */
export function mountLoopDisk(
  path: string,
  type: "xfs" | "btrfs" | "ext4",
  megabytes: number,
  options: readonly string[] = [],
): LoopDisk | undefined {
  const run = (...command: [string, ...string[]]) => execFileSync(command[0], command.slice(1), { stdio: "pipe" });
  try {
    mkdirSync(path);
    writeFileSync(`${path}.image`, "");
    truncateSync(`${path}.image`, megabytes << 20);
    run(`mkfs.${type}`, "-q", ...options, `${path}.image`);
    run("mount", "-t", type, "-o", "loop", `${path}.image`, path);
  } catch {
    console.warn(`cannot mount ${type} here; its tests do nothing`);
    return undefined;
  }
  return { path, unmount: () => void run("umount", path) };
}
