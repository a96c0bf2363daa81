// A git remote in a store beside `git` over file:// and ssh: the first push, cold and warm clone, fetch of nothing, one small commit there and
// back. And the same after thousands of pushes, beside the same repository freshly compacted.
// `npm run bench:remote -- --help`
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pushMany } from "./many-pushes.mjs";
import { measure, run } from "./measure.mjs";
import { readOptions } from "./options.mjs";
import { makeHistory } from "./remote-history.mjs";
import { environment, remoteTable } from "./remote-report.mjs";
import { writeSection } from "./section.mjs";
import { startSsh } from "./ssh.mjs";
import { startS3 } from "./store.mjs";

const options = readOptions({
  commits: { type: "string", default: "10000" },
  files: { type: "string", default: "100000" },
  "per-folder": { type: "string", default: "100000" },
  runs: { type: "string", default: "3" },
  pushes: { type: "string", default: "0" },
  "no-s3": { type: "boolean", default: false },
  write: { type: "string" },
  help: { type: "boolean", default: false },
});
if (options.help) {
  console.log(`usage: npm run bench:remote -- [--commits N] [--files N] [--per-folder N] [--runs N] [--pushes N] [--no-s3] [--write SECTION]
  the long form: --commits 1000 --files 1000000 --per-folder 1000 --runs 1
  --pushes  instead: so many pushes of one commit each, every tenth of which takes the one before back; then the same steps before and after
            git mlgit remote gc
  --write   put the table into docs/benchmark.md, between <!-- begin SECTION --> and <!-- end SECTION -->`);
  process.exit(0);
}

const work = mkdtempSync(join(tmpdir(), "mlgit-bench-remote-"));
const s3 = options["no-s3"] ? undefined : await startS3(join(work, "s3"));
const ssh = await startSsh(join(work, "ssh"));
process.once("exit", () => {
  s3?.stop?.();
  ssh?.stop();
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
  ...ssh?.env,
  AWS_ENDPOINT_URL: s3?.endpoint ?? "",
  HOME: work,
  GIT_CONFIG_GLOBAL: join(work, ".gitconfig"),
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
const numbers = {
  commits: Number(options.commits),
  files: Number(options.files),
  perFolder: Number(options["per-folder"]),
};
const samples = new Map();
if (Number(options.pushes) > 0) await measureManyPushes(Number(options.pushes));
else measureBesideGit();

function measureBesideGit() {
  makeHistory({ cwd: source, env, ...numbers });
  for (let round = 1; round <= Number(options.runs); round++) {
    measureRemote("git file://", `file://${join(work, `bare-${round}.git`)}`, round);
    if (ssh) measureRemote("git ssh", ssh.url(join(work, `bare-ssh-${round}.git`)), round);
    measureRemote("mlgit file", `mlgit::file://${join(work, `store-${round}`)}`, round);
    if (s3?.endpoint) measureRemote("mlgit s3", `mlgit::s3://bench/remote-${round}`, round);
  }
  report(
    `${options.commits} commits, ${options.files} files, ${options["per-folder"]} in a folder`,
    ["mlgit file", "mlgit s3"].map((name) => [name, "git file://"]),
  );
}

/** Small pushes, one after the other; what the repository costs then, and when it is freshly compacted. */
async function measureManyPushes(pushes) {
  makeHistory({ cwd: source, env, ...numbers, commits: pushes, revertEvery: 10 });
  const commits = git(source, "rev-list", "--reverse", "main").stdout.trim().split("\n");
  const places = [["file", `file://${join(work, "many")}`, {}]];
  if (s3?.endpoint) places.push(["s3", "s3://bench/many", { endpointUrl: s3.endpoint }]);
  for (const [kind, url, place] of places) {
    const folder = join(work, `mirrors-${kind}`);
    mkdirSync(folder);
    Object.assign(process.env, s3?.env);
    await pushMany({ repository: source, url, folder, commits, place });
    for (let round = 1; round <= Number(options.runs); round++)
      measureRemote(`${kind} after the pushes`, `mlgit::${url}`, round);
    run(["git", "mlgit", "remote", "gc", "--grace", "0", `mlgit::${url}`], { cwd: source, env });
    for (let round = 1; round <= Number(options.runs); round++)
      measureRemote(`${kind} compacted`, `mlgit::${url}`, round);
  }
  report(
    `${pushes} pushes of one commit each, ${options.files} files`,
    places.map(([kind]) => [`${kind} after the pushes`, `${kind} compacted`]),
  );
}

function measureRemote(name, url, round) {
  const place = join(work, `${name.replaceAll(/\W/g, "")}-${round}`);
  mkdirSync(place);
  if (!url.startsWith("mlgit::")) git(work, "init", "-q", "--bare", "-b", "main", new URL(url).pathname);
  const timed = (step, cwd, ...args) => {
    const { stderr, seconds, cpu } = measure(["git", ...args], { cwd, env, scratch: place });
    const requests = stderr.match(/^mlgit [\d.]+ store: (save|load|stat|list|remove) /gm)?.length;
    const saved = [...stderr.matchAll(/store: save \S+ (\d+) bytes/g)].reduce(
      (sum, [, bytes]) => sum + Number(bytes),
      0,
    );
    samples.set(step, [...(samples.get(step) ?? []), { name, seconds, cpu, requests, saved }]);
  };
  if (Number(options.pushes) === 0) timed("first push", source, "push", "-q", url, "main");
  rmSync(join(work, ".cache"), { recursive: true, force: true });
  const clone = join(place, "clone");
  timed("cold clone", place, "clone", "-q", "--no-checkout", url, clone);
  timed("warm clone", place, "clone", "-q", "--no-checkout", url, join(place, "again"));
  timed("fetch of nothing", clone, "fetch", "-q");
  git(clone, "read-tree", "HEAD");
  writeFileSync(join(place, "note"), `note ${name} ${round}`);
  const blob = git(clone, "hash-object", "-w", join(place, "note")).stdout.trim();
  git(clone, "update-index", "--add", "--cacheinfo", `100644,${blob},data/0000000/0000000`);
  git(clone, "commit", "-q", "-m", "small");
  timed("push of one commit", clone, "push", "-q", "origin", "HEAD:main");
  timed("fetch of one commit", join(place, "again"), "fetch", "-q");
}

function report(title, ratios) {
  const command = [
    "npm run bench:remote --",
    ...process.argv.slice(2).filter((arg, i, all) => !/^--write/.test(arg) && all[i - 1] !== "--write"),
  ];
  const how = environment({ s3: s3?.endpoint !== undefined, command: command.join(" "), runs: Number(options.runs) });
  const text = [
    `${title}: seconds, in brackets CPU seconds of all processes; requests to the store; bytes written to it`,
    how,
    remoteTable(samples, ratios),
  ].join("\n\n");
  console.log(text);
  if (options.write) writeSection(fileURLToPath(new URL("../docs/benchmark.md", import.meta.url)), options.write, text);
}
