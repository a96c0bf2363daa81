import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const prefix = join(tmpdir(), "mlgit-run-");

/** Gives all workers of this run one folder, for what they make once and share: servers, repositories to copy. */
// biome-ignore lint/style/noDefaultExport: jest's interface
export default function setup() {
  removeAbandoned();
  const folder = mkdtempSync(prefix);
  writeFileSync(join(folder, "pid"), String(process.pid));
  process.env.MLGIT_TEST_RUN = folder;
}

/** What runs have left that were interrupted. */
function removeAbandoned() {
  for (const name of readdirSync(tmpdir())) {
    const folder = join(tmpdir(), name);
    if (folder.startsWith(prefix) && isAbandoned(folder)) rmSync(folder, { recursive: true, force: true });
  }
}

function isAbandoned(folder) {
  try {
    process.kill(Number(readFileSync(join(folder, "pid"), "utf8")), 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}
