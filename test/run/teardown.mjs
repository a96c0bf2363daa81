import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Ends what the workers have started, and removes what they shared. */
// biome-ignore lint/style/noDefaultExport: jest's interface
export default function teardown() {
  const folder = process.env.MLGIT_TEST_RUN;
  const script = fileURLToPath(new URL("../server/s3.sh", import.meta.url));
  for (const name of ["s3", "s3-tree"])
    if (existsSync(join(folder, name))) spawnSync("bash", [script, "stop", join(folder, name)]);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
