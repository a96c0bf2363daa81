import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { folderContent } from "../store.mjs";

const bin = fileURLToPath(new URL("../../bin", import.meta.url));

/** This project, as built. */
export function mlgit() {
  return {
    name: "mlgit",
    path: [bin],
    version: () => spawnSync(join(bin, "git-mlgit"), ["--version"], { encoding: "utf8" }).stdout.trim() || undefined,
    install: ["git", "mlgit", "install", "--global"],
    track: [
      ["git", "mlgit", "init"],
      ["git", "mlgit", "track", "data/**"],
    ],
    bulkAdd: ["mlgit", "add", "."],
    /** Files of a strict entity whose bytes the store has are read-only links to the cache. */
    link: [
      ["git", "mlgit", "datasets", "create", "bench", "--categories=bench", "--mutability=strict"],
      ["sh", "-c", "mv data/* datasets/bench/data/"],
    ],
    linkedFolder: "datasets/bench/data",
    stored: (remote) => folderContent(join(remote, "mlgit")),
    /** From now on data goes to a bucket; the clone knows it too. */
    useS3: (url, endpoint) =>
      Object.entries({ url, endpointUrl: endpoint, pathStyle: "true" }).map(([key, value]) => [
        ...["git", "config", "--global", `mlgit.store.bench.${key}`],
        value,
      ]),
  };
}
