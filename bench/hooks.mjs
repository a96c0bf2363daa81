// npm run bench:hooks -- [--runs N] [--write] [--work DIR]
// What the hooks cost where they have nothing to do, in a repository with tracked data and a commit of code. Each is started as git does, N times, beside
// a shell that does nothing and a git that prints its version.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { median, run } from "./measure.mjs";
import { readOptions } from "./options.mjs";
import { writeSection } from "./section.mjs";
import { markdown } from "./table.mjs";

const options = readOptions({
  runs: { type: "string", default: "51" },
  write: { type: "boolean", default: false },
  work: { type: "string" },
});
const root = fileURLToPath(new URL("..", import.meta.url));
const work = mkdtempSync(join(options.work ?? tmpdir(), "mlgit-bench-hooks-"));
process.once("exit", () => rmSync(work, { recursive: true, force: true }));

const repo = makeRepository();
const nothing = ["0".repeat(40), "0".repeat(40), "0"];
const hooks = readdirSync(join(repo.cwd, ".git/hooks")).filter((name) => !name.endsWith(".sample"));
const rows = [
  ["sh that does nothing", ["sh", "-c", ":"]],
  ["git --version", ["git", "--version"]],
  ...hooks.map((name) => [name, [join(repo.cwd, ".git/hooks", name), ...nothing]]),
].map(([name, command]) => [name, (1000 * timeOf(command)).toFixed(1)]);
report();

/** Tracked data that is committed, and staged code. */
function makeRepository() {
  const home = join(work, "home");
  const cwd = join(work, "repo");
  mkdirSync(home);
  writeFileSync(join(home, ".gitconfig"), "[user]\n\tname = Bench\n\temail = bench@example.invalid\n");
  const path = ["/usr/lib/git-core", join(root, "bin"), process.env.PATH].join(delimiter);
  const env = {
    ...process.env,
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    GIT_CONFIG_GLOBAL: join(home, ".gitconfig"),
    PATH: path,
  };
  const git = (...args) => run(["git", ...args], { cwd, env });
  run(["git", "init", "-q", cwd], { cwd: work, env });
  git("mlgit", "init");
  git("mlgit", "track", "data/**");
  mkdirSync(join(cwd, "data"));
  writeFileSync(join(cwd, "data/a"), "some data\n");
  for (let i = 0; i < 1000; i++) writeFileSync(join(cwd, `code-${i}.py`), `print(${i})\n`);
  git("add", "-A");
  git("commit", "-q", "-m", "one");
  writeFileSync(join(cwd, "code-7.py"), "print('seven')\n");
  git("add", "code-7.py");
  return { cwd, env };
}

/** The median of the seconds that it takes. */
function timeOf([program, ...args]) {
  const seconds = [];
  for (let i = 0; i < Number(options.runs); i++) {
    const begin = performance.now();
    const { status, stderr } = spawnSync(program, args, { cwd: repo.cwd, env: repo.env, input: "" });
    seconds.push((performance.now() - begin) / 1000);
    if (status !== 0) throw new Error(`${program}: exit ${status}\n${stderr}`);
  }
  return median(seconds);
}

function report() {
  const made = `${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.version}; medians of ${options.runs}; load ${loadavg()[0].toFixed(1)} at the end`;
  const table = markdown([["nothing to do", "ms"], ["---", "---"], ...rows]).join("\n");
  console.log(`${made}\n\n${table}`);
  if (options.write) writeSection(join(root, "docs/benchmark.md"), "hooks", `${made}\n\n${table}`);
}
