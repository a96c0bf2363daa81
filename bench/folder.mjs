// npm run bench:folder -- [--files N,N,…] [--bytes N] [--runs N] [--json FILE] [--write] [--work DIR]
// A push to a store in a folder beside copying the same files there, for data sets of several sizes: what a copy leaves in memory it has not paid for yet.
// Each takes four times its bytes of disk. Each figure is a whole process.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeData } from "./data.mjs";
import { describeEnvironment, environment } from "./environment.mjs";
import { gitEnvironment } from "./git-environment.mjs";
import { measure, median, run } from "./measure.mjs";
import { readOptions } from "./options.mjs";
import { writeSection } from "./section.mjs";
import { folderContent } from "./store.mjs";
import { markdown } from "./table.mjs";

const options = readOptions({
  files: { type: "string", default: "100,400,800" },
  bytes: { type: "string", default: "10000000" },
  runs: { type: "string", default: "3" },
  json: { type: "string" },
  write: { type: "boolean", default: false },
  work: { type: "string" },
});
const work = mkdtempSync(join(options.work ?? tmpdir(), "mlgit-bench-folder-"));
process.once("exit", () => rmSync(work, { recursive: true, force: true }));
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => process.exit(130));

const env = gitEnvironment(join(work, "home"));
const samples = [];
const sizes = options.files.split(",").map(Number);
for (const files of sizes) {
  const folder = join(work, `files-${files}`);
  makeData(folder, { files, bytes: Number(options.bytes) });
  for (let round = 1; round <= Number(options.runs); round++) measureRound(folder, { files, round });
  rmSync(folder, { recursive: true });
}
report();

/** In every other round mlgit comes first: who does finds less of the memory in use. */
function measureRound(folder, { files, round }) {
  const note = (of, numbers) => samples.push({ files, bytes: files * Number(options.bytes), of, ...numbers });
  const target = join(work, "copy");
  const copy = (command) => {
    const numbers = measure(["sh", "-c", command, "sh", join(folder, "data"), target], {
      cwd: work,
      env,
      scratch: work,
    });
    rmSync(target, { recursive: true });
    return numbers;
  };
  const sides = [
    () => note("cp -r", copy('cp -r "$1" "$2"')),
    () => note("cp -r, fsync", copy('cp -r "$1" "$2" && find "$2" -type f -exec sync {} +')),
    () => note("git push", pushOf(folder, files)),
  ];
  for (const side of round % 2 === 1 ? sides : sides.toReversed()) side();
}

/** A repository, remote and store of their own; measured is only the push. */
function pushOf(folder, files) {
  const [repo, remote, store] = ["repo", "remote.git", "store"].map((name) => join(work, name));
  const git = (...args) => run(["git", ...args], { cwd: repo, env });
  run(["git", "init", "-q", "--bare", remote], { cwd: work, env });
  run(["git", "init", "-q", repo], { cwd: work, env });
  mkdirSync(store);
  git("remote", "add", "origin", `file://${remote}`);
  git("mlgit", "init");
  git("mlgit", "track", "data/**");
  git("config", "mlgit.store.bench.url", `file://${store}`);
  renameSync(join(folder, "data"), join(repo, "data"));
  git("mlgit", "add", ".");
  git("add", "-A");
  git("commit", "-qm", "data");
  const numbers = measure(["git", "push", "-q", "origin", "main"], { cwd: repo, env, scratch: work });
  const { bytes } = folderContent(store);
  if (bytes < files * Number(options.bytes)) throw new Error(`the store has ${bytes} bytes after the push`);
  renameSync(join(repo, "data"), join(folder, "data"));
  for (const made of [repo, remote, store]) rmSync(made, { recursive: true });
  return numbers;
}

function report() {
  const of = (files, who, key) =>
    median(samples.filter((one) => one.files === files && one.of === who).map((one) => one[key]));
  const lines = sizes.map((files) => {
    const push = of(files, "git push", "seconds");
    const beside = (who) => (of(files, who, "seconds") / push).toFixed(2);
    return [
      `${files} × ${options.bytes}`,
      ...["cp -r", "cp -r, fsync", "git push"].map((who) => of(files, who, "seconds").toFixed(2)),
      beside("cp -r"),
      beside("cp -r, fsync"),
      Math.round((of(files, "git push", "memory") ?? 0) / 1e6) || "",
    ];
  });
  const head = [
    "files × bytes",
    "cp -r",
    "cp -r, fsync",
    "git push",
    "× the speed of cp -r",
    "× that with fsync",
    "peak MB",
  ];
  const made = environment();
  const text = [
    describeEnvironment(made, `${options.runs} runs, medians, seconds`),
    "",
    ...markdown([head, head.map(() => "---"), ...lines]),
  ].join("\n");
  console.log(text);
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ machine: made, samples }, null, 2)}\n`);
  if (options.write)
    writeSection(join(fileURLToPath(new URL("..", import.meta.url)), "docs/benchmark.md"), "folder", text);
}
