// npm run bench:transfer -- [--large BYTES] [--files N] [--bytes N] [--runs N] [--json FILE] [--write] [--work DIR]
// Push to S3 and clone from it beside a plain parallel multipart PUT and GET of the same bytes with the same SDK, and a push of many small files beside
// one PUT per file. Each figure is a whole process, on a local server (Debian: radosgw ceph-mon ceph-osd ceph-common; time for peak memory).
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeData } from "./data.mjs";
import { gitEnvironment } from "./git-environment.mjs";
import { measure, median, run } from "./measure.mjs";
import { readOptions } from "./options.mjs";
import { writeSection } from "./section.mjs";
import { startS3 } from "./store.mjs";
import { markdown } from "./table.mjs";

const options = readOptions({
  large: { type: "string", default: "1000000000" },
  files: { type: "string", default: "100000" },
  bytes: { type: "string", default: "10000" },
  runs: { type: "string", default: "3" },
  json: { type: "string" },
  write: { type: "boolean", default: false },
  work: { type: "string" },
});
const work = mkdtempSync(join(options.work ?? tmpdir(), "mlgit-bench-transfer-"));
let s3;
process.once("exit", () => {
  s3?.stop?.();
  rmSync(work, { recursive: true, force: true });
});
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => process.exit(130));

const dataset = { name: "big", folder: "datasets/big/data" };
const root = fileURLToPath(new URL("..", import.meta.url));
const plain = fileURLToPath(new URL("plain-s3.mjs", import.meta.url));
const env = gitEnvironment(join(work, "home"));
const samples = [];
for (let round = 1; round <= Number(options.runs); round++) {
  if (Number(options.large) > 0) await largeFile(round);
  if (Number(options.files) > 0) await smallFiles(round);
}
report();

/** Each side has a server of its own: one that holds gigabytes or many objects is slower. It holds all in memory, and a full one does not answer. */
async function withServer(bytes, side) {
  s3 = await startS3(mkdtempSync(join(work, "s3-")), Math.max(8e9, bytes * 1.3));
  if (s3.missing) throw new Error(s3.missing);
  Object.assign(env, s3.env);
  side();
  s3.stop();
}

/** Who comes first has the emptier disk: in every other round that is mlgit. */
async function inTurn(round, bytes, sides) {
  for (const side of round % 2 === 1 ? sides : sides.toReversed()) await withServer(bytes, side);
}

async function largeFile(round) {
  const size = Number(options.large);
  const folder = join(work, `large-${round}`);
  makeData(folder, { files: 1, bytes: size });
  const file = join(folder, "data/0/000000.bin");
  const got = join(work, "got");
  const note = (step, of, numbers) => samples.push({ case: "large", step, of, bytes: size, ...numbers });
  const sdk = (verb, target) =>
    measure([process.execPath, plain, verb, s3.endpoint, "plain", target, "8"], { cwd: work, env, scratch: work });
  await inTurn(round, size, [
    () => {
      note("push", "plain multipart PUT", sdk("put", file));
      note("clone", "plain ranged GET", sdk("get", got));
      run(["cmp", file, got], { cwd: work, env });
      rmSync(got);
    },
    () => {
      note("push", "git push", pushFolder(folder, `large-${round}`));
      note("clone", "git clone", cloneOf(`large-${round}`, { data: "data", original: file }));
    },
    () => {
      pushFolder(folder, `strict-${round}`, { strict: true });
      note("clone", "git clone, strict dataset", cloneOf(`strict-${round}`, { data: dataset.folder, original: file }));
    },
  ]);
  rmSync(folder, { recursive: true });
}

async function smallFiles(round) {
  const [files, bytes] = [Number(options.files), Number(options.bytes)];
  const folder = join(work, `small-${round}`);
  makeData(folder, { files, bytes });
  const note = (step, of, numbers) => samples.push({ case: "small", step, of, bytes: files * bytes, ...numbers });
  await inTurn(round, files * bytes, [
    () => {
      const each = [process.execPath, plain, "put-each", s3.endpoint, "each", join(folder, "data"), "32"];
      note("push", "one PUT per file, 32 connections", measure(each, { cwd: work, env, scratch: work }));
    },
    () => note("push", "git push", pushFolder(folder, `small-${round}`)),
  ]);
  rmSync(folder, { recursive: true });
}

/**
 * Commits a folder's data and measures only the push; the clone that follows finds the same store.
 * `strict`: as a dataset whose files never change, so that a clone may link them where it has to copy others.
 */
function pushFolder(folder, name, { strict = false } = {}) {
  const data = strict ? dataset.folder : "data";
  const repo = join(work, `${name}-repo`);
  const remote = join(work, `${name}.git`);
  const git = (...args) => run(["git", ...args], { cwd: repo, env });
  run(["git", "init", "-q", "--bare", remote], { cwd: work, env });
  run(["git", "init", "-q", repo], { cwd: work, env });
  git("remote", "add", "origin", `file://${remote}`);
  git("mlgit", "init");
  if (strict) {
    git("mlgit", "datasets", "create", dataset.name, "--categories=bench", "--mutability=strict");
    rmSync(join(repo, data), { recursive: true, force: true });
  } else git("mlgit", "track", "data/**");
  git("config", "--global", "mlgit.store.bench.url", `s3://bench/${name}`);
  git("config", "--global", "mlgit.store.bench.endpointUrl", s3.endpoint);
  renameSync(join(folder, "data"), join(repo, data));
  git("mlgit", "add", ".");
  git("add", "-A");
  git("commit", "-qm", "data");
  const numbers = measure(["git", "push", "-q", "origin", "main"], { cwd: repo, env, scratch: work });
  // A push makes what must not change read-only, and links it.
  run(["cp", "-r", "--no-preserve=mode", join(repo, data), join(folder, "data")], { cwd: work, env });
  rmSync(repo, { recursive: true });
  return numbers;
}

function cloneOf(name, { data, original }) {
  const target = join(work, `${name}-clone`);
  const command = ["git", "clone", "-q", `file://${join(work, `${name}.git`)}`, target];
  const numbers = measure(command, { cwd: work, env, scratch: work });
  const status = run(["git", "status", "--porcelain"], { cwd: target, env }).stdout;
  if (status !== "") throw new Error(`not clean after the clone:\n${status}`);
  run(["cmp", original, join(target, data, "0/000000.bin")], { cwd: work, env });
  rmSync(target, { recursive: true });
  return numbers;
}

function report() {
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model,
    memory: totalmem(),
    node: process.version,
    load: loadavg(),
  };
  // By case and step, as in the first round: there the plain one comes first.
  const steps = [...new Set(samples.map((one) => `${one.case} ${one.step}`))];
  const keys = steps.flatMap((step) => [
    ...new Set(samples.map((one) => `${one.case} ${one.step} ${one.of}`).filter((key) => key.startsWith(`${step} `))),
  ]);
  const rows = keys.map((key) => {
    const all = samples.filter((one) => `${one.case} ${one.step} ${one.of}` === key);
    const of = (key) => median(all.map((one) => one[key]));
    const { case: name, step, of: who, bytes } = all[0];
    return { case: name, step, of: who, bytes, seconds: of("seconds"), memory: of("memory"), runs: all.length };
  });
  const text = tableOf(rows, machine);
  console.log(text);
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ machine, rows, samples }, null, 2)}\n`);
  if (options.write) writeSection(join(root, "docs/benchmark.md"), "transfer", text);
}

function tableOf(rows, machine) {
  const head = ["case", "step", "", "seconds", "MB/s", "× the plain one's speed", "peak MB"];
  const lines = rows.map((row) => {
    const first = rows.find((one) => one.case === row.case && one.step === row.step);
    return [
      row.case,
      row.step,
      row.of,
      row.seconds.toFixed(2),
      (row.bytes / row.seconds / 1e6).toFixed(0),
      (first.seconds / row.seconds).toFixed(2),
      row.memory === undefined ? "" : Math.round(row.memory / 1e6),
    ];
  });
  const made = `${machine.cpus} cores, ${machine.model}, Node ${machine.node}; ${options.runs} runs, medians; large: ${options.large} bytes; small: ${options.files} × ${options.bytes} bytes; load ${machine.load[0].toFixed(1)} at the end`;
  return [made, "", ...markdown([head, head.map(() => "---"), ...lines])].join("\n");
}
