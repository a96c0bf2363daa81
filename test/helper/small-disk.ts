import { execFileSync } from "node:child_process";

export interface SmallDisk {
  /** `mount -o remount,<options>`, for instance `ro` or `size=10m`. */
  remount(options: string): void;
  unmount(): void;
}

/** Mounts a memory file system of its own at a folder; undefined, with a line on the console, where none may be mounted. */
export function mountSmallDisk(path: string, megabytes: number): SmallDisk | undefined {
  const run = (...command: [string, ...string[]]) => execFileSync(command[0], command.slice(1), { stdio: "pipe" });
  try {
    run("mount", "-t", "tmpfs", "-o", `size=${megabytes}m`, "none", path);
  } catch {
    console.warn("cannot mount a small disk here; its tests do nothing");
    return undefined;
  }
  return {
    remount: (options) => void run("mount", "-o", `remount,${options}`, path),
    // The process of a test may still have files open there.
    unmount: () => void run("umount", "--lazy", path),
  };
}
