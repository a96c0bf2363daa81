// Lets git call what was just built a few times, so that V8's compiled code of it lies beside it from the first real call on (docs/decision/0014).
// Where git is missing or something fails the first calls train it as ever; nothing is reported.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";

const size = { large: 1_200_000, small: 3000 };

/** Adds, commits, pushes, checks out, switches and merges in a repository of its own. */
export function train() {
  const root = mkdtempSync(join(tmpdir(), "mlgit-build-"));
  try {
    steps(root);
  } catch {
    // As above.
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function steps(root) {
  const cwd = join(root, "a");
  const git = (...args) => run(root, cwd, args);
  mkdirSync(cwd);
  git("init", "-q", "-b", "main");
  git("init", "-q", "--bare", join(root, "b"));
  git("remote", "add", "origin", join(root, "b"));
  git("mlgit", "init");
  git("mlgit", "datasets", "create", "d", "--categories=c", "--mutability=strict");
  const write = (name, length, byte) => writeFileSync(join(cwd, "datasets/d/data", name), Buffer.alloc(length, byte));
  mkdirSync(join(cwd, "datasets/d/data"), { recursive: true });
  write("large", size.large, 1);
  write("small", size.small, 1);
  git("add", "-A");
  git("commit", "-q", "-m", "one");
  git("push", "-q", "origin", "main");
  rmSync(join(cwd, "datasets/d/data"), { recursive: true });
  git("checkout", "-q", "--", ".");
  git("checkout", "-q", "-b", "other");
  write("more", size.small, 2);
  git("add", "-A");
  git("commit", "-q", "-m", "two");
  git("checkout", "-q", "main");
  git("merge", "-q", "other");
  git("mlgit", "status");
  git("mlgit", "lineage", "runs");
}

function run(root, cwd, args) {
  const settings = { HOME: root, XDG_CACHE_HOME: join(root, "cache"), GIT_CONFIG_NOSYSTEM: "1" };
  const person = { NAME: "mlgit", EMAIL: "mlgit@example.invalid" };
  const people = ["AUTHOR", "COMMITTER"].flatMap((who) =>
    Object.entries(person).map(([what, value]) => [`GIT_${who}_${what}`, value]),
  );
  const own = Object.entries(process.env).filter(([name]) => !/^(GIT|MLGIT)_|^NODE_OPTIONS$/.test(name));
  const path = [resolve("bin"), process.env.PATH].join(delimiter);
  const env = { ...Object.fromEntries([...own, ...people]), ...settings, PATH: path };
  const { status } = spawnSync("git", args, { cwd, env, stdio: "ignore" });
  if (status !== 0) throw new Error(`git ${args.join(" ")}`);
}
