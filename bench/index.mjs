// npm run bench:index -- [--chunks 1000000,10000000] [--json FILE] [--write] [--work DIR]
// How the cost of an index grows with the number of chunks in a store. Makes index segments of as many chunks as asked for (40 bytes each, twice: the store's and
// the copy; 100 million need 10 GB), with a file per 160 chunks, and measures in a process of its own each: bringing all of it, opening the copy again,
// 100,000 look-ups of chunks of which half are there, 100,000 of files at once, a client that wants one file, and the merge of a push.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { readOptions } from "./options.mjs";
import { writeSection } from "./section.mjs";
import { markdown } from "./table.mjs";

const options = readOptions({
  chunks: { type: "string", default: "1000000,10000000" },
  json: { type: "string" },
  // Into the section index of docs/benchmark.md.
  write: { type: "boolean", default: false },
  work: { type: "string" },
});
const root = fileURLToPath(new URL("..", import.meta.url));
const work = mkdtempSync(join(options.work ?? tmpdir(), "mlgit-bench-index-"));
process.once("exit", () => rmSync(work, { recursive: true, force: true }));
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => process.exit(130));

await bundleSources();
const rows = [];
for (const chunks of options.chunks.split(",").map(Number)) rows.push(measureStore(chunks));
report();

/** The sources of the index, for the processes that measure. */
function bundleSources() {
  const lines = [
    ["src/chunk/chunk-hash.ts", "loadChunkHash"],
    ["src/store/index/segment-builder.ts", "SegmentBuilder"],
    ["src/store/remote/index-copy.ts", "IndexCopy"],
    ["src/store/remote/compact-index.ts", "compactIndex"],
    ["src/backend/all.ts", "openBackend"],
  ].map(([path, name]) => `export { ${name} } from "./${path}";`);
  return build({
    stdin: { contents: lines.join("\n"), resolveDir: root, loader: "ts" },
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    outfile: join(root, "node_modules/.cache/mlgit-bench-index.mjs"),
    logLevel: "error",
  });
}

function measureStore(chunks) {
  const folder = join(work, `${chunks}`);
  mkdirSync(folder);
  const lab = (what) => {
    const args = [join(root, "bench/index-lab.mjs"), what, folder, String(chunks)];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", maxBuffer: 1 << 28 });
    if (status !== 0) throw new Error(`${what}: ${stderr}`);
    process.stderr.write(`${chunks} chunks, ${what}: ${stdout}`);
    return JSON.parse(stdout);
  };
  const results = { chunks };
  for (const what of ["make", "bring", "open", "look", "files", "one", "merge"]) results[what] = lab(what);
  rmSync(folder, { recursive: true });
  return results;
}

function report() {
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, node: process.version, load: loadavg() };
  const seconds = (value) => `${value.seconds.toFixed(2)} s (${value.cpu.toFixed(2)} s of processor)`;
  const peak = (value) => `${Math.round(value.memory / 1e6)} MB`;
  const lines = [
    ["index, segments", (one) => `${Math.round(one.make.bytes / 1e6)} MB, ${one.make.segments}`],
    ["bring all of it, and prove it", (one) => `${seconds(one.bring)}, peak ${peak(one.bring)}`],
    ["open the copy again", (one) => `${seconds(one.open)}, peak ${peak(one.open)}`],
    ["100,000 chunks, one by one, half of them new", (one) => `${seconds(one.look)}, peak ${peak(one.look)}`],
    ["100,000 files at once, half of them new", (one) => `${seconds(one.files)}, peak ${peak(one.files)}`],
    [
      "a new client that wants one file",
      (one) => `${Math.round(one.one.received / 1e3)} kB in ${one.one.requests} requests, ${seconds(one.one)}`,
    ],
    [
      "the merge in a push, 17 small segments beside the others",
      (one) => `${one.merge.merged} merged, ${Math.round(one.merge.sent / 1e6)} MB written, ${seconds(one.merge)}`,
    ],
  ];
  const head = ["", ...rows.map((one) => `${one.chunks / 1e6} million chunks`)];
  const table = markdown([head, head.map(() => "---"), ...lines.map(([title, of]) => [title, ...rows.map(of)])]);
  const made = `${machine.cpus} cores, ${machine.model}, Node ${machine.node}; one run; load ${machine.load[0].toFixed(1)} at the end`;
  const text = [made, "", ...table].join("\n");
  console.log(text);
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
  if (options.write) writeSection(join(root, "docs/benchmark.md"), "index", text);
}
