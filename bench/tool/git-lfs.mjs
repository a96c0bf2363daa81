import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { folderContent } from "../store.mjs";

/** git-lfs from PATH, or the program at `program` (which must be called git-lfs). It needs a server of its own for S3. */
export function gitLfs(program) {
  return {
    name: "git-lfs",
    path: program ? [dirname(program)] : [],
    version() {
      const { stdout } = spawnSync(program ?? "git-lfs", ["version"], { encoding: "utf8" });
      return stdout?.trim().split(" ")[0] || undefined;
    },
    install: ["git", "lfs", "install"],
    track: [["git", "lfs", "track", "data/**"]],
    stored: (remote) => folderContent(join(remote, "lfs")),
  };
}
