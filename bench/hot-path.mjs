// npm run bench:hot-path -- [--bytes N] [--runs N] [--json FILE] [--write SECTION] [--work DIR]
// What taking large files in costs beside the limit of each of its stages alone: two files of N bytes, each step a process of its own.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { makeData } from "./data.mjs";
import { measure, median, run } from "./measure.mjs";
import { readOptions } from "./options.mjs";
import { writeSection } from "./section.mjs";
import { markdown } from "./table.mjs";

const options = readOptions({
  bytes: { type: "string", default: "1000000000" },
  runs: { type: "string", default: "3" },
  json: { type: "string" },
  write: { type: "string" },
  work: { type: "string" },
});
const root = fileURLToPath(new URL("..", import.meta.url));
const work = mkdtempSync(join(options.work ?? tmpdir(), "mlgit-bench-hot-path-"));
process.once("exit", () => rmSync(work, { recursive: true, force: true }));
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => process.exit(130));

const size = Number(options.bytes);
const repo = join(work, "repo");
const files = ["data/0/000000.bin", "data/0/000001.bin"];
const env = environment();
const lab = join(root, "node_modules/.cache/mlgit-bench-hot-path.mjs");
await bundleSources();
makeData(repo, { files: 2, bytes: size });
for (const args of [
  ["git", "init", "-q"],
  ["git", "mlgit", "init"],
  ["git", "mlgit", "track", "data/**"],
])
  run(args, { cwd: repo, env });

const both = `openssl dgst -sha256 ${files[0]} & openssl dgst -sha256 ${files[1]}; wait`;
/** What the disk takes, where a copy is to be on it when the command ends. */
const copyOf = (file, to) => `dd if=${file} of=${to} bs=2M oflag=direct conv=fsync status=none`;
const copies = [`${copyOf(files[0], "copy")} & ${copyOf(files[1], "copy2")}; wait`, copyOf(files[0], "copy")];
const stage = (what) => [process.execPath, join(root, "bench/hot-path-stage.mjs"), what, ...files];
const [one, two] = ["openssl dgst -sha256", "openssl dgst -sha256 on two cores"];
/** Title, command, files it goes through, and the step that it is compared with. */
const steps = [
  [two, ["sh", "-c", both], 2],
  ["git mlgit add, two files", ["git", "mlgit", "add", "data"], 2, two],
  ["dd past the page cache, two files at once", ["sh", "-c", copies[0]], 2, two],
  [one, ["openssl", "dgst", "-sha256", files[0]], 1],
  ["git mlgit add, one file", ["git", "mlgit", "add", files[0]], 1, one],
  ["dd past the page cache, one file", ["sh", "-c", copies[1]], 1, one],
  ["git add, one file", ["git", "add", files[0]], 1, one],
  ["read", stage("read"), 2],
  ["chunk boundaries", stage("chunk"), 2],
  ["BLAKE3", stage("blake3"), 2],
  ["write and fsync", stage("write"), 2],
].filter(([title]) => !title.startsWith("dd ") || takesDirect());
const samples = [];
for (let round = 0; round < Number(options.runs); round++)
  for (const [title, command, count] of steps) {
    for (const path of [".git/mlgit", ".git/index", "copy", "copy2"])
      rmSync(join(repo, path), { recursive: true, force: true });
    const { seconds, cpu, memory } = measure(command, { cwd: repo, env, scratch: work });
    samples.push({ title, bytes: count * size, seconds, cpu, memory });
  }
report();

/** Whether the file system lets anybody write past the page cache. */
function takesDirect() {
  const tried = spawnSync("sh", ["-c", `head -c 4096 ${files[0]} | dd of=copy bs=4096 oflag=direct`], { cwd: repo });
  return tried.status === 0;
}

function bundleSources() {
  const contents =
    'export { Chunker } from "./src/chunk/gear.ts"; export { loadChunkHash } from "./src/chunk/chunk-hash.ts";';
  return build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    outfile: lab,
    logLevel: "error",
  });
}

function environment() {
  const home = join(work, "home");
  mkdirSync(home);
  const path = [join(root, "bin"), process.env.PATH].join(delimiter);
  const made = {
    ...process.env,
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    GIT_CONFIG_GLOBAL: join(home, ".gitconfig"),
    GIT_CONFIG_NOSYSTEM: "1",
    PATH: path,
  };
  run(["git", "mlgit", "install", "--global"], { cwd: home, env: made });
  return made;
}

function report() {
  const rows = steps.map(([title]) => {
    const all = samples.filter((one) => one.title === title);
    const of = (key) => median(all.map((one) => one[key]));
    return { title, bytes: all[0].bytes, seconds: of("seconds"), cpu: of("cpu"), memory: of("memory") };
  });
  const rate = ({ bytes, seconds }) => (bytes / seconds / 1e6).toFixed(0);
  const lines = rows.map((row, i) => {
    const beside = rows.find(({ title }) => title === steps[i][3]);
    const ratio = beside ? (row.bytes / row.seconds / (beside.bytes / beside.seconds)).toFixed(2) : "";
    const perGigabyte = row.cpu === undefined ? "" : ((row.cpu / row.bytes) * 1e9).toFixed(2);
    const peak = row.memory === undefined ? "" : Math.round(row.memory / 1e6);
    return [row.title, rate(row), ratio, perGigabyte, peak];
  });
  const head = ["step", "MB/s", "× openssl on as many cores", "s of processor per GB", "peak MB"];
  const made = `${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.version}; ${options.runs} runs, medians; two files of ${size} bytes; load ${loadavg()[0].toFixed(1)} at the end`;
  const text = [made, "", ...markdown([head, head.map(() => "---"), ...lines])].join("\n");
  console.log(text);
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ made, rows, samples }, null, 2)}\n`);
  if (options.write) writeSection(join(root, "docs/benchmark.md"), options.write, text);
}
