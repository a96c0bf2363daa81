// npm run bench -- [--runs N] [--only CASE] [--tools mlgit,git-lfs,git] [--git-lfs PATH] [--no-s3] [--full] [--small] [--json FILE] [--markdown FILE] [--write]
//   [--work DIR]
// Times what people do with data, beside git-lfs, plain git, cp -r and openssl, on the same data in the same run. Peak memory needs
// /usr/bin/time (Debian: time); the S3 steps need a local gateway (Debian: radosgw ceph-mon ceph-osd ceph-common).
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { largeFile } from "./case/large-file.mjs";
import { mediumFiles } from "./case/medium-files.mjs";
import { smallFiles } from "./case/small-files.mjs";
import { makeData } from "./data.mjs";
import { describeEnvironment, environment } from "./environment.mjs";
import { canMeasureMemory } from "./measure.mjs";
import { readOptions } from "./options.mjs";
import { runBaselines, runScenario } from "./scenario.mjs";
import { writeSection } from "./section.mjs";
import { startS3 } from "./store.mjs";
import { formatTable, summarize } from "./table.mjs";
import { git } from "./tool/git.mjs";
import { gitLfs } from "./tool/git-lfs.mjs";
import { mlgit } from "./tool/mlgit.mjs";

const options = readOptions({
  runs: { type: "string", default: "3" },
  only: { type: "string", multiple: true },
  tools: { type: "string", default: "mlgit,git-lfs,git" },
  "git-lfs": { type: "string" },
  "no-s3": { type: "boolean", default: false },
  full: { type: "boolean", default: false },
  small: { type: "boolean", default: false },
  json: { type: "string" },
  markdown: { type: "string" },
  // Each case into its section of docs/benchmark.md.
  write: { type: "boolean", default: false },
  work: { type: "string" },
});
const note = (text) => process.stderr.write(`${text}\n`);
const wanted = options.tools.split(",");
const tools = [mlgit(), gitLfs(options["git-lfs"]), git()]
  .filter(({ name }) => wanted.includes(name))
  .map((tool) => ({ ...tool, found: tool.version() }))
  .filter(({ name, found }) => found || note(`${name} is not installed: left out`));
const cases = [smallFiles, mediumFiles, largeFile].filter(({ name }) => !options.only || options.only.includes(name));

const work = mkdtempSync(join(options.work ?? tmpdir(), "mlgit-bench-"));
let s3;
process.once("exit", () => {
  s3?.stop?.();
  rmSync(work, { recursive: true, force: true });
});
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => process.exit(130));

if (!options["no-s3"]) s3 = await startS3(join(work, "s3"));
if (s3?.missing) note(`S3 steps are left out: ${s3.missing}`);
if (!canMeasureMemory) note("peak memory is left out: /usr/bin/time is not installed");
const results = [];
for (const one of cases) results.push(await runCase(one));
report(results);

async function runCase(one) {
  const size = options.small ? one.smoke : one.size;
  const folder = join(work, one.name);
  mkdirSync(folder);
  note(`${one.name}: making ${size.files} × ${size.bytes} bytes`);
  makeData(folder, size);
  const discard = one.manyFiles ? keepUntilTheEnd(folder) : (path) => rmSync(path, { recursive: true });
  const samples = [];
  for (let round = 1; round <= Number(options.runs); round += 1) {
    const place = { data: join(folder, "data"), work: join(folder, "work"), discard };
    runBaselines({ ...place, record: recorder(samples, "baseline") });
    for (const tool of tools.filter(({ name }) => name !== "git" || options.full || options.small || !one.slowForGit)) {
      note(`${one.name}: run ${round} of ${options.runs}, ${tool.name}`);
      // Everything else blocks: here a Ctrl-C is heard.
      await new Promise((resolve) => setImmediate(resolve));
      await runScenario({
        tool,
        ...place,
        record: recorder(samples, tool.name),
        linked: one.linked,
        edit: one.edit && {
          size: size.bytes,
          bytes: options.small ? one.edit.smoke : one.edit.bytes,
          seed: `edit ${round}`,
        },
        s3: s3?.endpoint ? s3 : undefined,
      });
    }
  }
  rmSync(folder, { recursive: true });
  return { name: one.name, size, rows: summarize(samples) };
}

/**
 * ext4 does not give an inode away for minutes after its file was removed, and searches past all of them for each new file: whoever comes next would pay
 * for what others removed. So nothing is removed while it is measured.
 */
function keepUntilTheEnd(folder) {
  let kept = 0;
  mkdirSync(join(folder, "kept"));
  return (path) => renameSync(path, join(folder, "kept", String(kept++)));
}

function recorder(samples, tool) {
  const record = (step, { seconds, memory }) => samples.push({ step, tool, seconds, memory });
  return Object.assign(record, { last: (more) => Object.assign(samples.at(-1), more) });
}

function report(all) {
  const machine = environment();
  const versions = Object.fromEntries(tools.map(({ name, found }) => [name, found]));
  const compared = tools.filter(({ name }) => name !== "git").map(({ found }) => found);
  const made = [...compared, describeEnvironment(machine, `${options.runs} runs, medians`)].join(", ");
  const parts = all.map(({ name, size, rows }) => {
    const text = `${made}\n\n${formatTable(rows)}`;
    if (options.write) writeSection(fileURLToPath(new URL("../docs/benchmark.md", import.meta.url)), name, text);
    return `### ${name}: ${size.files} × ${size.bytes} bytes\n\n${text}`;
  });
  const text = parts.join("\n");
  console.log(text);
  if (options.markdown) writeFileSync(options.markdown, text);
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ machine, versions, cases: all }, null, 2)}\n`);
}
