import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system of 24 MB for the cache, which `fill` leaves nearly full. Undefined, with a line, where this user may not mount. */
export function mountSmallDisk(say) {
  const folder = mkdtempSync(join(tmpdir(), "mlgit-disk-"));
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=48m", "tmpfs", folder], { stdio: "ignore" });
  if (status !== 0) {
    say("skipped: a small file system cannot be mounted here (it takes root)");
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
  return {
    folder: join(folder, "cache"),
    unmount() {
      spawnSync("umount", ["-l", folder], { stdio: "ignore" });
      rmSync(folder, { recursive: true, force: true });
    },
    fill(random) {
      const path = join(folder, "filler");
      const { bavail, bsize } = statfsSync(folder);
      const fd = openSync(path, "w");
      try {
        const block = Buffer.alloc(4096, 1);
        for (let left = bavail * bsize - random.below(400_000); left > 0; left -= block.length) writeSync(fd, block);
      } catch {
        // Full: just as well.
      } finally {
        closeSync(fd);
      }
      return () => rmSync(path, { force: true });
    },
  };
}
