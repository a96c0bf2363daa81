// Lets git call what was just built a few times, so that V8's compiled code of it lies beside it from the first real call on (docs/decision/0014).
// Where git is missing or something fails the first calls train it as ever; nothing is reported.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Milliseconds that a command may take: a build never waits for one that does not end. */
const patience = 60_000;

const size = { large: 1_200_000, small: 3000 };

/** Adds, commits, pushes, checks out, switches and merges in a repository of its own. */
export async function train() {
  const root = mkdtempSync(join(tmpdir(), "mlgit-build-"));
  try {
    steps(root);
    await withBucket((port) => stepsWithBucket(root, port));
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

/** The same data in a bucket: without it the first runs would be those of users, and V8 drops what a long one used at its beginning. */
function stepsWithBucket(root, port) {
  const endpoint = `http://127.0.0.1:${port}`;
  const git = (...args) => run(root, root, args, { AWS_ENDPOINT_URL_S3: endpoint });
  const cwd = join(root, "a");
  git("mlgit", "install", "--global");
  git("config", "--global", "protocol.file.allow", "always");
  git("config", "--global", "mlgit.store.s3.url", "s3://train/data");
  git("config", "--global", "mlgit.store.s3.endpointUrl", endpoint);
  git("config", "--global", "mlgit.defaultStore", "s3");
  git("init", "-q", "-b", "main", "--bare", join(root, "c"));
  git("-C", cwd, "remote", "add", "bucket", join(root, "c"));
  git("-C", cwd, "push", "-q", "bucket", "main");
  git("-C", cwd, "push", "-q", "bucket", "main:again");
  for (const name of ["d", "e"]) git("clone", "-q", join(root, "c"), join(root, name));
  git("-C", cwd, "push", "-q", "mlgit::s3://train/remote", "main");
  git("clone", "-q", "mlgit::s3://train/remote", join(root, "f"));
}

/** In a process of its own: this one waits for git. */
async function withBucket(work) {
  const program = fileURLToPath(new URL("train-bucket.mjs", import.meta.url));
  const bucket = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "ignore"] });
  try {
    const [port] = await Promise.race([once(bucket.stdout, "data"), once(bucket, "exit")]);
    work(Number(port));
  } finally {
    bucket.kill();
  }
}

function run(root, cwd, args, more = {}) {
  const keys = { AWS_ACCESS_KEY_ID: "train", AWS_SECRET_ACCESS_KEY: "train", AWS_REGION: "us-east-1" };
  const settings = { HOME: root, XDG_CACHE_HOME: join(root, "cache"), GIT_CONFIG_NOSYSTEM: "1", ...keys };
  const person = { NAME: "mlgit", EMAIL: "mlgit@example.invalid" };
  const people = ["AUTHOR", "COMMITTER"].flatMap((who) =>
    Object.entries(person).map(([what, value]) => [`GIT_${who}_${what}`, value]),
  );
  const own = Object.entries(process.env).filter(([name]) => !/^(GIT|MLGIT|AWS)_|^NODE_OPTIONS$|_proxy$/i.test(name));
  const path = [resolve("bin"), process.env.PATH].join(delimiter);
  const env = { ...Object.fromEntries([...own, ...people]), ...settings, ...more, PATH: path };
  const { status } = spawnSync("git", args, { cwd, env, stdio: "ignore", timeout: patience });
  if (status !== 0) throw new Error(`git ${args.join(" ")}`);
}
