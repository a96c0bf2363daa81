// A git remote in a store beside `git` over file://: the first push, cold and warm clone, fetch of nothing, one small commit there and back.
// `npm run bench:remote -- --help`
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { measure, median, run } from "./measure.mjs";
import { startS3 } from "./store.mjs";

const { values: options } = parseArgs({
  options: {
    commits: { type: "string", default: "10000" },
    files: { type: "string", default: "100000" },
    runs: { type: "string", default: "3" },
    "no-s3": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log("usage: npm run bench:remote -- [--commits N] [--files N] [--runs N] [--no-s3]");
  process.exit(0);
}

const work = mkdtempSync(join(tmpdir(), "mlgit-bench-remote-"));
const s3 = options["no-s3"] ? undefined : await startS3(join(work, "s3"));
process.once("exit", () => {
  s3?.stop?.();
  rmSync(work, { recursive: true, force: true });
});
const bin = fileURLToPath(new URL("../bin", import.meta.url));
const config = Object.entries({
  "user.name": "Bench",
  "user.email": "bench@example.invalid",
  "protocol.file.allow": "always",
  "gc.auto": "0",
  ...(s3?.endpoint ? { "mlgit.store.b.url": "s3://bench", "mlgit.store.b.endpointUrl": s3.endpoint } : {}),
});
const env = {
  ...process.env,
  ...s3?.env,
  AWS_ENDPOINT_URL: s3?.endpoint ?? "",
  HOME: work,
  GIT_CONFIG_NOSYSTEM: "1",
  MLGIT_TRACE: "1",
  PATH: [bin, process.env.PATH].join(delimiter),
  GIT_CONFIG_COUNT: String(config.length),
  ...Object.fromEntries(
    config.flatMap(([key, value], n) => [
      [`GIT_CONFIG_KEY_${n}`, key],
      [`GIT_CONFIG_VALUE_${n}`, value],
    ]),
  ),
};
const git = (cwd, ...args) => run(["git", ...args], { cwd, env });

const source = join(work, "source");
git(work, "init", "-q", "-b", "main", source);
makeHistory();
const samples = new Map();
for (let round = 1; round <= Number(options.runs); round++) {
  measureRemote("git file://", `file://${join(work, `bare-${round}.git`)}`, round);
  measureRemote("mlgit file", `mlgit::file://${join(work, `store-${round}`)}`, round);
  if (s3?.endpoint) measureRemote("mlgit s3", `mlgit::s3://bench/remote-${round}`, round);
}
report();

/** A flat folder of many small files, and commits that each change one of them. */
function makeHistory() {
  const who = "committer B <b@example.invalid> 1700000000 +0000";
  const lines = ["blob\nmark :1\ndata 6\nsmall\n", `commit refs/heads/main\n${who}\ndata 3\none\n`];
  for (let i = 0; i < Number(options.files); i++) lines.push(`M 100644 :1 data/${String(i).padStart(7, "0")}\n`);
  for (let i = 0; i < Number(options.commits); i++) {
    const text = `content ${i}\n`;
    lines.push(`commit refs/heads/main\n${who}\ndata 3\none\n`, `M 100644 inline notes/${i % 97}\n`);
    lines.push(`data ${text.length}\n${text}\n`);
  }
  const { status } = spawnSync("git", ["fast-import", "--quiet"], { cwd: source, env, input: lines.join("") });
  if (status !== 0) throw new Error("git fast-import failed");
}

function measureRemote(name, url, round) {
  const place = join(work, `${name.replaceAll(/\W/g, "")}-${round}`);
  mkdirSync(place);
  if (url.startsWith("file://")) git(work, "init", "-q", "--bare", "-b", "main", url.slice("file://".length));
  const timed = (step, cwd, ...args) => {
    const { stderr, seconds } = measure(["git", ...args], { cwd, env, scratch: place });
    const requests = stderr.match(/^mlgit [\d.]+ store: (save|load|stat|list|remove) /gm)?.length;
    const saved = [...stderr.matchAll(/store: save \S+ (\d+) bytes/g)].reduce(
      (sum, [, bytes]) => sum + Number(bytes),
      0,
    );
    samples.set(step, [...(samples.get(step) ?? []), { name, seconds, requests, saved }]);
  };
  timed("first push", source, "push", "-q", url, "main");
  rmSync(join(work, ".cache"), { recursive: true, force: true });
  const clone = join(place, "clone");
  timed("cold clone", place, "clone", "-q", "--no-checkout", url, clone);
  timed("warm clone", place, "clone", "-q", "--no-checkout", url, join(place, "again"));
  timed("fetch of nothing", clone, "fetch", "-q");
  git(clone, "read-tree", "HEAD");
  writeFileSync(join(place, "note"), `note ${round}`);
  const blob = git(clone, "hash-object", "-w", join(place, "note")).stdout.trim();
  git(clone, "update-index", "--cacheinfo", `100644,${blob},data/0000000`);
  git(clone, "commit", "-q", "-m", "small");
  timed("push of one commit", clone, "push", "-q", "origin", "HEAD:main");
  timed("fetch of one commit", join(place, "again"), "fetch", "-q");
}

function report() {
  const names = [...new Set([...samples.values()].flat().map(({ name }) => name))];
  console.log(
    `${options.commits} commits, ${options.files} files in one folder; ${options.runs} runs, medians, seconds\n`,
  );
  console.log(
    `| step | ${names.join(" | ")} | to git file:// | requests | bytes saved |\n|${" --- |".repeat(names.length + 4)}`,
  );
  for (const [step, all] of samples) {
    const of = (name, what) => median(all.filter((one) => one.name === name).map((one) => one[what]));
    const seconds = names.map((name) => of(name, "seconds"));
    const ratios = seconds.slice(1).map((one) => `${(one / seconds[0]).toFixed(2)}×`);
    const requests = names.slice(1).map((name) => of(name, "requests") ?? 0);
    const saved = names.slice(1).map((name) => of(name, "saved") ?? 0);
    const cells = [
      step,
      ...seconds.map((one) => one.toFixed(2)),
      ratios.join(" "),
      requests.join(" "),
      saved.join(" "),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}
