// Lineage over many runs, and a repro that has nothing to do: `npm run bench:lineage -- --help`. Each figure is a whole process, a median.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { measure, median, run } from "./measure.mjs";
import { readOptions } from "./options.mjs";
import { writeSection } from "./section.mjs";
import { markdown } from "./table.mjs";

const options = readOptions({
  records: { type: "string", default: "100000" },
  stages: { type: "string", default: "1000" },
  runs: { type: "string", default: "7" },
  write: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
});
if (options.help) {
  console.log("usage: npm run bench:lineage -- [--records N] [--stages N] [--runs N] [--write]");
  process.exit(0);
}
const work = mkdtempSync(join(tmpdir(), "mlgit-bench-lineage-"));
process.once("exit", () => rmSync(work, { recursive: true, force: true }));
const bin = fileURLToPath(new URL("../bin", import.meta.url));
const env = {
  ...process.env,
  NODE_EXTRA_CA_CERTS: undefined,
  HOME: work,
  GIT_CONFIG_GLOBAL: join(work, ".gitconfig"),
  GIT_CONFIG_NOSYSTEM: "1",
  PATH: [bin, process.env.PATH].join(delimiter),
};
for (const name of ["AUTHOR", "COMMITTER"])
  Object.assign(env, { [`GIT_${name}_NAME`]: "Bench", [`GIT_${name}_EMAIL`]: "bench@example.invalid" });
const cwd = join(work, "r");
const git = (...args) => run(["git", ...args], { cwd, env });
mkdirSync(cwd);
git("init", "-q", "-b", "main", ".");
git("commit", "-q", "--allow-empty", "-m", "begin");
git("mlgit", "init");

const rows = [];
timed("`node -e 0`", ["node", "-e", "0"]);
if (Number(options.records) > 0) lineage(Number(options.records));
if (Number(options.stages) > 0) repro(Number(options.stages));
report();

function lineage(records) {
  const ids = makeRecords(records);
  const index = join(cwd, ".git/mlgit-lineage");
  const middle = `sha256:${oidOf(Math.floor(records / 2))}`;
  const many = records.toLocaleString("en-US");
  const asked = (title, command, { goal, prepare, runs } = {}) =>
    timed(title, ["git", "mlgit", "lineage", ...command], { goal, prepare, runs });
  const cold = () => rmSync(index, { recursive: true, force: true });
  asked(`${many} records, no index: build it and answer`, [middle], { goal: 10, prepare: cold, runs: 3 });
  asked("what something was made from", [middle], { goal: 0.3 });
  asked("what was made from it", ["--down", middle], { goal: 0.3 });
  asked("all about one run", [ids.at(-1)], { goal: 0.3 });
  writeFileSync(join(cwd, "run.json"), JSON.stringify({ stage: "bench", out: [{ path: "m", oid: middle }] }));
  asked("append a record", ["record", "run.json"], { goal: 0.15 });
  asked("append a mark", ["mark", "note", middle, "--reason", "bench"], { goal: 0.3 });
  asked("a question after that", [middle], { goal: 0.3 });
}

/** Families of ten runs, each from the output of the last: what people ask for is never very deep. */
function makeRecords(count) {
  const ids = [];
  const parts = ["commit refs/mlgit/runs\ncommitter Bench <bench@example.invalid> 1700000000 +0000\ndata 1\nx\n"];
  for (let i = 0; i < count; i++) {
    const text = `${canonical(recordOf(i))}\n`;
    const id = createHash("sha256").update(text).digest("hex");
    ids.push(id);
    parts.push(`M 100644 inline ${id.slice(0, 2)}/${id.slice(2)}.json\ndata ${Buffer.byteLength(text)}\n${text}\n`);
  }
  writeFileSync(join(work, "import"), parts.join(""));
  run(["sh", "-c", "git fast-import --quiet <../import"], { cwd, env });
  rmSync(join(work, "import"));
  return ids;
}

function recordOf(i) {
  const before = i % 10 === 0 ? [`raw ${i % 1000}`, oidOf(-1 - (i % 1000))] : [`data/${i - 1}`, oidOf(i - 1)];
  return {
    v: 1,
    type: "run",
    key: oidOf(i),
    stage: `stage${i % 10}`,
    kind: "run",
    state: "complete",
    code: { commit: null, dirty: null },
    cmd: `python step.py --number ${i}`,
    wdir: "",
    in: [{ path: before[0], oid: `sha256:${before[1]}`, mode: "100644", size: 1000 }],
    out: [{ path: `data/${i}`, oid: `sha256:${oidOf(i)}`, mode: "100644", size: 1000 }],
    params: { lr: (i % 100) / 100, epochs: i % 7 },
    metrics: { accuracy: (i % 1000) / 1000 },
    env: null,
    t: [1.7e12 + i * 1000, 1.7e12 + i * 1000 + 500],
    exit: 0,
    log: null,
    actor: "Bench <bench@example.invalid>",
    labels: {},
  };
}

function oidOf(i) {
  return createHash("sha256").update(`artifact ${i}`).digest("hex");
}

/** RFC 8785 for these records: their keys need no escaping. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join(",")}}`;
}

/** A pipeline of chains of ten stages; the first repro runs them all. */
function repro(stages) {
  const lines = Array.from({ length: stages }, (_, i) => {
    const dep = i % 10 === 0 ? "raw" : `out/${i - 1}`;
    return `  s${i}: {cmd: "cp ${dep} out/${i}", deps: [${dep}], outs: [out/${i}]}`;
  });
  writeFileSync(join(cwd, "raw"), "raw\n");
  mkdirSync(join(cwd, "out"));
  writeFileSync(join(cwd, "mlgit.yaml"), `stages:\n${lines.join("\n")}\n`);
  const many = stages.toLocaleString("en-US");
  timed(`\`repro\` of ${many} stages, the first`, ["git", "mlgit", "repro", "-q", "-j", "4"], { runs: 1 });
  git("add", "-A");
  git("commit", "-qm", "stages");
  timed(`\`repro\` of ${many} stages with nothing to do`, ["git", "mlgit", "repro"], { goal: 1 });
}

/** Of several starts the first four are those after an installation, when code is still being compiled, and do not count. */
function timed(title, command, { goal, prepare = () => {}, runs = Number(options.runs) } = {}) {
  const once = () => {
    prepare();
    return measure(command, { cwd, env, scratch: work });
  };
  if (runs > 3) for (let i = 0; i < 4; i++) once();
  const samples = Array.from({ length: runs }, once);
  const [seconds, cpu] = ["seconds", "cpu"].map((key) => median(samples.map((one) => one[key])));
  const least = Math.min(...samples.map((one) => one.seconds));
  rows.push([title, seconds.toFixed(2), least.toFixed(2), cpu?.toFixed(2) ?? "", goal ?? ""]);
  console.error(rows.at(-1).join("  "));
}

function report() {
  const head = ["step", "s", "least", "s of processor", "goal, s"];
  const made = `${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.version}; medians of ${options.runs}; load ${loadavg()[0].toFixed(1)} at the end`;
  const text = [made, "", ...markdown([head, head.map(() => "---"), ...rows])].join("\n");
  console.log(text);
  if (options.write) writeSection(fileURLToPath(new URL("../docs/benchmark.md", import.meta.url)), "lineage", text);
}
