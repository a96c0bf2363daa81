// npm run bench:real-data -- [--bytes N] [--only SHAPE] [--tools mlgit,restic,borg,git-lfs] [--bulk-add] [--no-s3] [--json FILE] [--write SECTION] [--work DIR]
// What is stored of data as people have it, version after version, and how long that takes: git add, commit and push beside restic, borg and git-lfs (Debian packages of
// these names), in a folder and, where they can, on a local S3 server (Debian: radosgw ceph-mon ceph-osd ceph-common).
import { execFileSync } from "node:child_process";
import { cpSync, linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { measure, run } from "./measure.mjs";
import { readOptions } from "./options.mjs";
import { keepers } from "./real-data/keepers.mjs";
import { shapes } from "./real-data/shapes.mjs";
import { tableOf } from "./real-data/table.mjs";
import { environment } from "./scenario.mjs";
import { writeSection } from "./section.mjs";
import { startS3 } from "./store.mjs";

const options = readOptions({
  bytes: { type: "string", default: "150000000" },
  only: { type: "string", multiple: true },
  tools: { type: "string", default: "mlgit,restic,borg,git-lfs" },
  // mlgit takes files in by `git mlgit add`.
  "bulk-add": { type: "boolean", default: false },
  "no-s3": { type: "boolean", default: false },
  json: { type: "string" },
  // Into that section of docs/benchmark.md.
  write: { type: "string" },
  work: { type: "string" },
});
const note = (text) => process.stderr.write(`${text}\n`);
const wanted = options.tools.split(",");
const tools = keepers
  .filter(({ name }) => wanted.includes(name))
  .filter(({ name, version }) => version || note(`${name} is not installed: left out`));
const work = mkdtempSync(join(options.work ?? tmpdir(), "mlgit-bench-real-data-"));
let s3;
process.once("exit", () => {
  s3?.stop?.();
  execFileSync("chmod", ["-R", "u+w", work]);
  rmSync(work, { recursive: true, force: true });
});
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => process.exit(130));

if (!options["no-s3"]) s3 = await startS3(join(work, "s3"));
if (s3?.missing) note(`S3 is left out: ${s3.missing}`);
const results = [];
for (const shape of shapes.filter(({ name }) => !options.only || options.only.includes(name)))
  results.push(await measureShape(shape));
report();

async function measureShape({ name, title, versions, make }) {
  note(`${name}: making ${versions} versions`);
  const folders = [];
  for (let version = 0; version < versions; version++) {
    const folder = join(work, name, String(version));
    mkdirSync(folder, { recursive: true });
    const before = folders.at(-1);
    for (const file of before ? readdirSync(before) : []) linkSync(join(before, file), join(folder, file));
    make({ folder, version, bytes: Number(options.bytes) });
    folders.push(folder);
  }
  const kept = [];
  for (const place of ["folder", "bucket"])
    for (const tool of tools) {
      if (place === "bucket" && !(s3?.endpoint && tool.buckets)) continue;
      note(`${name}: ${tool.name}, ${place}`);
      // Everything else blocks: here a Ctrl-C is heard.
      await new Promise((resolve) => setImmediate(resolve));
      kept.push({ tool: tool.name, place, ...(await keepAll(tool, folders, place === "bucket")) });
    }
  const bytes = wholeFiles(folders);
  rmSync(join(work, name), { recursive: true });
  return { name, title, versions, bytes, kept };
}

/** Keeps each version after the other, looks what is stored then, and brings the last one back. */
async function keepAll(tool, folders, inBucket) {
  const place = mkdtempSync(join(work, "place-"));
  const repo = join(place, "repo");
  mkdirSync(join(place, "home"));
  mkdirSync(join(repo, "data"), { recursive: true });
  const prefix = `real-${process.hrtime.bigint()}`;
  const env = environment(tool, place, inBucket ? s3 : undefined);
  const target = inBucket && { url: `s3://bench/${prefix}`, endpoint: s3.endpoint };
  const opened = tool.open({ work: place, repo, env, s3: target || undefined, bulkAdd: options["bulk-add"] });
  const steps = folders.map((folder, i) => {
    takeOver(join(repo, "data"), folder, folders[i - 1]);
    const { seconds, cpu } = measure(opened.keep, { cwd: repo, env, scratch: place });
    return { seconds, cpu };
  });
  const { bytes } = await (inBucket ? s3.content(prefix) : opened.stored());
  opened.bringBack(join(place, "back"));
  run(["diff", "-r", folders.at(-1), join(place, "back/data")], { cwd: place, env });
  run(["chmod", "-R", "u+w", place], { cwd: "/", env: process.env });
  rmSync(place, { recursive: true });
  return { stored: bytes, first: steps[0], later: sumOf(steps.slice(1)) };
}

/** As somebody's job would: what did not change stays as it is. */
function takeOver(data, folder, before) {
  for (const name of readdirSync(folder)) {
    const same =
      before && statSync(join(before, name), { throwIfNoEntry: false })?.ino === statSync(join(folder, name)).ino;
    if (same) continue;
    rmSync(join(data, name), { force: true });
    cpSync(join(folder, name), join(data, name));
  }
}

/** What keeping every changed file whole comes to. */
function wholeFiles(folders) {
  const seen = new Map();
  for (const folder of folders)
    for (const name of readdirSync(folder)) {
      const { ino, size } = statSync(join(folder, name));
      seen.set(ino, size);
    }
  return [...seen.values()].reduce((sum, size) => sum + size, 0);
}

function sumOf(steps) {
  const of = (key) => steps.reduce((sum, step) => sum + (step[key] ?? 0), 0);
  return { seconds: of("seconds"), cpu: of("cpu") };
}

function report() {
  const versions = tools.map(({ version }) => version.replace(/ compiled.*/, "")).join(", ");
  const how = options["bulk-add"] ? "mlgit by `git mlgit add`; " : "";
  const made = `${how}${versions}, Node ${process.version}; ${cpus().length} cores, ${cpus()[0]?.model}; one run; load ${loadavg()[0].toFixed(1)} at the end`;
  const text = [made, "", tableOf(results, tools)].join("\n");
  console.log(text);
  if (options.write) writeSection(fileURLToPath(new URL("../docs/benchmark.md", import.meta.url)), options.write, text);
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ made, results }, null, 2)}\n`);
}
