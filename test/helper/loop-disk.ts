import { execFileSync } from "node:child_process";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach } from "@jest/globals";
import { createSandbox, type Sandbox } from "./sandbox.ts";

export interface LoopDisk {
  readonly path: string;
  unmount(): void;
  /** From now on nothing can be read of these files, which lie on it: EIO. */
  fail(files: readonly string[]): void;
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
  return {
    path,
    unmount: () => void run("umount", path),
    fail(files) {
      // Written to, it would make the image as long as before.
      run("mount", "-o", "remount,ro", path);
      for (const file of files) run("dd", `if=${file}`, "iflag=nocache", "count=0");
      truncateSync(`${path}.image`, 0);
    },
  };
}

/** A sandbox for each test of a file, with a disk in it for those that mount one. */
export function useLoopDisk() {
  let box: Sandbox;
  let disk: LoopDisk | undefined;
  beforeEach(() => {
    box = createSandbox();
  });
  afterEach(() => {
    disk?.unmount();
    disk = undefined;
    box.remove();
  });
  return {
    get box(): Sandbox {
      return box;
    },
    /** Its folder; undefined where it cannot be mounted. XFS takes no smaller ones than 300 MB. */
    mount(type: "xfs" | "btrfs" | "ext4"): string | undefined {
      disk = mountLoopDisk(box.path(type), type, { xfs: 320, btrfs: 128, ext4: 64 }[type]);
      return disk?.path;
    },
    /** See LoopDisk. */
    fail: (files: readonly string[]) => disk?.fail(files),
  };
}
