// npm run crash -- [--seed N] [--rounds N] [--quiet] [--keep] [--small-disk]
// Kills git and mlgit at random points, damages local files, fills the disk, runs two at once, and checks after each round that fsck is clean or
// repairs, that no committed byte is lost (a plain copy is the oracle), and that the same command succeeds. MLGIT_BIN names another bin folder.

import { readOptions } from "../options.mjs";
import { crash } from "./crash.mjs";

const values = readOptions({
  seed: { type: "string", default: `${Date.now() % 1e6}` },
  rounds: { type: "string", default: "50" },
  quiet: { type: "boolean", default: false },
  keep: { type: "boolean", default: false },
  "small-disk": { type: "boolean", default: false },
});
const report = await crash({
  seed: Number(values.seed),
  rounds: Number(values.rounds),
  keep: values.keep,
  smallDisk: values["small-disk"],
  say: values.quiet ? () => {} : (line) => process.stderr.write(`${line}\n`),
});
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exitCode = report.failure ? 1 : 0;
