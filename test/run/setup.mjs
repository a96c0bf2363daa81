import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Gives all workers of this run one folder, for what they make once and share: servers, repositories to copy. */
// biome-ignore lint/style/noDefaultExport: jest's interface
export default function setup() {
  const folder = mkdtempSync(join(tmpdir(), "mlgit-run-"));
  writeFileSync(join(folder, "pid"), String(process.pid));
  process.env.MLGIT_TEST_RUN = folder;
}
