import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { folderContent } from "../store.mjs";

/** git without any help. */
export function git() {
  return {
    name: "git",
    path: [],
    version: () => spawnSync("git", ["--version"], { encoding: "utf8" }).stdout.trim(),
    track: [],
    stored: (remote) => folderContent(join(remote, "objects")),
  };
}
