// npm run bench:million -- [--files N] [--bytes LEAST-MOST] [--each N] [--edit N] [--no-s3] [--json FILE] [--write] [--work DIR]
// A data set of very many small files: what people do with it, beside plain git on as many files that hold pointers, and beside one object per file.
// Not part of any test: a million files take an hour and, with the copies that a repository, a clone and their caches are, four times their bytes of disk; the S3 server holds them in memory.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { editSmallFiles, makePointers, makeSmallFiles } from "./data.mjs";
import { gitEnvironment } from "./git-environment.mjs";
import { measure, run } from "./measure.mjs";
import { readOptions } from "./options.mjs";
import { writeSection } from "./section.mjs";
import { startS3 } from "./store.mjs";
import { markdown } from "./table.mjs";

const options = readOptions({
  files: { type: "string", default: "1000000" },
  bytes: { type: "string", default: "1000-30000" },
  each: { type: "string", default: "20000" },
  edit: { type: "string", default: "1000" },
  "no-s3": { type: "boolean", default: false },
  json: { type: "string" },
  write: { type: "boolean", default: false },
  work: { type: "string" },
});
const files = Number(options.files);
const bytes = options.bytes.split("-").map(Number);
const edited = Number(options.edit);
const work = mkdtempSync(join(options.work ?? tmpdir(), "mlgit-bench-million-"));
const s3 = options["no-s3"] ? undefined : await startS3(join(work, "s3"), Math.max(8e9, files * mean() * 1.5));
process.once("exit", () => {
  s3?.stop?.();
  rmSync(work, { recursive: true, force: true });
});
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => process.exit(130));
if (s3?.missing) throw new Error(s3.missing);

const peaks = join(work, "peaks");
const env = environment();
const rows = [];
oneObjectPerFile();
const pointers = dayOf("git, pointers", { make: (folder) => makePointers(folder, files), add: ["add", "-A"] });
const ours = dayOf("mlgit", {
  make: (folder) => makeSmallFiles(folder, { files, bytes }),
  add: ["mlgit", "add", "."],
  tracked: true,
});
report();

/** Bytes of a file, on average: their sizes are spread evenly by their logarithm. */
function mean() {
  const [least, most] = bytes;
  return most > least ? (most - least) / Math.log(most / least) : least;
}

/** Steps of one tool, each a whole process and all that it starts. */
function dayOf(name, { make, add, tracked = false }) {
  const folder = join(work, name.replace(/\W+/g, "-"));
  const [repo, remote, clone] = ["repo", "remote.git", "clone"].map((part) => join(folder, part));
  mkdirSync(repo, { recursive: true });
  const git = (cwd, ...args) => run(["git", ...args], { cwd, env });
  git(folder, "init", "-q", "--bare", remote);
  git(folder, "init", "-q", repo);
  git(repo, "remote", "add", "origin", `file://${remote}`);
  if (tracked) {
    git(repo, "mlgit", "init");
    git(repo, "mlgit", "track", "data/**");
  } else git(repo, "config", "feature.manyFiles", "true");
  note(`${name}: making ${files} files`);
  make(join(repo, "data"));
  const timed = (step, cwd, ...args) => {
    note(`${name}: ${step}`);
    writeFileSync(peaks, "");
    const { seconds, cpu, memory } = measure(["git", ...args], { cwd, env, scratch: work });
    const own = readFileSync(peaks, "utf8").trim().split("\n").filter(Boolean);
    rows.push({
      name,
      step,
      seconds,
      cpu,
      memory,
      own: own.length > 0 ? 1024 * Math.max(...own.map(Number)) : undefined,
    });
  };
  const status = (after, cwd) => {
    const { stdout } = git(cwd, "status", "--porcelain");
    if (stdout !== "") throw new Error(`not clean after ${after}:\n${stdout.slice(0, 500)}`);
    timed(`status after ${after}`, cwd, "status", "--porcelain");
  };
  timed("add", repo, ...add);
  git(repo, "add", "-A");
  timed("commit", repo, "commit", "-qm", "one");
  timed("push", repo, "push", "-q", "origin", "main");
  status("push", repo);
  timed("clone", folder, "clone", "-q", `file://${remote}`, clone);
  status("clone", clone);
  run(["diff", "-rq", join(repo, "data"), join(clone, "data")], { cwd: folder, env });
  editSmallFiles(join(repo, "data"), edited);
  timed("add after edit", repo, ...add);
  timed("commit after edit", repo, "commit", "-qm", "two");
  timed("push after edit", repo, "push", "-q", "origin", "main");
  timed("pull of the edit", clone, "pull", "-q", "--ff-only");
  status("pull", clone);
  run(["diff", "-rq", join(repo, "data"), join(clone, "data")], { cwd: folder, env });
  return folder;
}

/** As many requests as files, 32 at a time: for some of the files, since it takes long enough. */
function oneObjectPerFile() {
  const count = Math.min(files, Number(options.each));
  if (!s3 || count === 0) return;
  const folder = join(work, "each");
  makeSmallFiles(folder, { files: count, bytes });
  const plain = fileURLToPath(new URL("plain-s3.mjs", import.meta.url));
  for (const [step, verb] of [
    ["push", "put-each"],
    ["clone", "get-each"],
  ]) {
    note(`one object per file: ${step}`);
    const command = [process.execPath, plain, verb, s3.endpoint, "each", folder, "32"];
    const { seconds, cpu, memory } = measure(command, { cwd: work, env: { ...env, NODE_OPTIONS: "" }, scratch: work });
    rows.push({ name: "one object per file", step, seconds, cpu, memory, files: count });
  }
  rmSync(folder, { recursive: true });
}

function environment() {
  const home = join(work, "home");
  const store = { "mlgit.store.bench.url": "s3://bench/million", "mlgit.store.bench.endpointUrl": s3?.endpoint };
  const made = gitEnvironment(home, s3 && store);
  // Each Node process says at its end how much memory it had.
  const told = `require("fs").appendFileSync(${JSON.stringify(peaks)}, process.resourceUsage().maxRSS + "\\n")`;
  writeFileSync(join(home, "peak.cjs"), `process.on("exit", () => ${told});\n`);
  return { ...made, ...s3?.env, NODE_OPTIONS: `--require ${join(home, "peak.cjs")}` };
}

function report() {
  const steps = rows.filter(({ name }) => name === "mlgit").map(({ step }) => step);
  const of = (name, step) => rows.find((one) => one.name === name && one.step === step);
  const time = (one) =>
    one ? `${one.seconds.toFixed(one.seconds < 10 ? 2 : 0)} s (${one.cpu?.toFixed(1) ?? "-"})` : "";
  const rate = (one) => (one ? Math.round((one.files ?? files) / one.seconds).toLocaleString("en") : "");
  const megabytes = (value) => (value === undefined ? "-" : Math.round(value / 1e6));
  const lines = steps.map((step) => {
    const [mine, git, each] = ["mlgit", "git, pointers", "one object per file"].map((name) => of(name, step));
    const faster =
      mine && each ? `${((mine.files ?? files) / mine.seconds / (each.files / each.seconds)).toFixed(1)} ×` : "";
    return [
      step,
      time(mine),
      time(git),
      each ? `${rate(mine)} / ${rate(each)}` : "",
      faster,
      `${megabytes(mine?.own)} / ${megabytes(mine?.memory)}`,
      megabytes(git?.memory),
    ];
  });
  const head = [
    "step",
    "mlgit",
    "git, pointers",
    "files/s: mlgit / one object per file",
    "faster",
    "peak MB: mlgit's processes / all",
    "git, pointers: peak MB",
  ];
  const place = s3 ? "S3" : "a folder";
  const each = rows.find((one) => one.name === "one object per file");
  const made = [
    `${files.toLocaleString("en")} files of ${bytes.join(" to ")} bytes, pushed to ${place}; ${edited} of them edited; seconds, in brackets seconds of processor of all processes but the server.`,
    ...(each ? [`One object per file: ${each.files.toLocaleString("en")} of them, 32 connections.`] : []),
    `${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.version}; one run; load ${loadavg()[0].toFixed(1)} at the end`,
  ].join(" ");
  const text = [made, "", ...markdown([head, head.map(() => "---"), ...lines])].join("\n");
  console.log(text);
  if (options.write) writeSection(fileURLToPath(new URL("../docs/benchmark.md", import.meta.url)), "million", text);
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ files, bytes, rows }, null, 2)}\n`);
  for (const folder of [pointers, ours]) rmSync(folder, { recursive: true, force: true });
}

function note(text) {
  process.stderr.write(`${text}\n`);
}
