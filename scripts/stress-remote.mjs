// Many writers push to one repository in a store, some are killed with SIGKILL in the middle, and at the end the history is replayed: nothing that git said
// was pushed may be missing. `npm run stress -- --help`.
import { spawn } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startS3 } from "../bench/store.mjs";
import { recordRoots } from "./record-roots.mjs";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    writers: { type: "string", default: "4" },
    pushes: { type: "string", default: "200" },
    kill: { type: "string", default: "0.2" },
    url: { type: "string" },
    s3: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(`npm run stress -- [--seed N] [--writers N] [--pushes N] [--kill 0…1] [--s3 | --url mlgit::…] [--keep]
  --pushes  attempts in all     --kill  share of them that is killed at a random time
  --s3      in a bucket of a server that is started for it
  --url     default: a folder that is removed afterwards; a bucket's endpoint and keys come from the environment`);
  process.exit(0);
}

const seed = Number(values.seed);
const root = mkdtempSync(join(tmpdir(), "mlgit-stress-"));
mkdirSync(join(root, "bucket"));
const s3 = values.s3 ? await startS3(join(root, "s3")) : undefined;
if (s3?.missing) throw new Error(s3.missing);
const recorder = s3 ? await recordRoots(s3.endpoint) : undefined;
const url = values.url ?? (s3 ? "mlgit::s3://bench/project" : `mlgit::file://${root}/bucket/project`);
const bin = fileURLToPath(new URL("../bin", import.meta.url));
const env = {
  ...process.env,
  ...(s3 ? { ...s3.env, AWS_ENDPOINT_URL: recorder.endpoint } : {}),
  PATH: bin + delimiter + process.env.PATH,
  HOME: root,
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "stress",
  GIT_AUTHOR_EMAIL: "stress@example.com",
  GIT_COMMITTER_NAME: "stress",
  GIT_COMMITTER_EMAIL: "stress@example.com",
};
const count = { acknowledged: 0, rejected: 0, killed: 0, failed: 0 };
const acknowledged = [];
/** Branch → every value that was tried, in order. */
const own = new Map();

function random(state) {
  let now = Math.imul(state + 1, 0x9e3779b1) | 1;
  return () => {
    now ^= now << 13;
    now ^= now >>> 17;
    now ^= now << 5;
    return (now >>> 0) / 2 ** 32;
  };
}

/** Runs git; with `killAfter` its whole process group gets SIGKILL after that many milliseconds. */
function git(cwd, args, killAfter) {
  return new Promise((resolve) => {
    const child = spawn("git", args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.on("data", (text) => (out += text));
    child.stderr.on("data", (text) => (err += text));
    const kill = () => {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It was faster.
      }
    };
    const timer = killAfter === undefined ? undefined : setTimeout(kill, killAfter);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, out: out.trim(), err: err.trim() });
    });
  });
}

async function must(cwd, args) {
  const result = await git(cwd, args);
  if (result.code !== 0) throw new Error(`git ${args.join(" ")} in ${cwd}: ${result.code}\n${result.err}`);
  return result.out;
}

async function writer(number, pushes) {
  const next = random(seed * 1000 + number);
  const name = join(root, `writer-${number}`);
  await must(root, ["clone", "-q", url, name]);
  for (let i = 0; i < pushes; i++) {
    appendFileSync(join(name, `file-${number}`), `${i} ${next()}\n`);
    await must(name, ["add", "-A"]);
    await must(name, ["commit", "-qm", `${number}: ${i}`]);
    await push(name, { number, next });
  }
  // What was killed or rejected last is brought in by an ordinary push.
  for (let tries = 0; tries < 100 && !(await push(name, { number, next, calm: true })); tries++);
}

/** True when git said that main was pushed. Own branches are pushed now and then, by force. */
async function push(name, { number, next, calm = false }) {
  // A killed git leaves its locks, as any git does.
  for (const lock of ["index.lock", "HEAD.lock", "refs/heads/main.lock", "refs/remotes/origin/main.lock"])
    rmSync(join(name, ".git", lock), { force: true });
  await git(name, ["rebase", "--abort"]);
  const pull = await git(name, ["pull", "-q", "--rebase", "origin", "main"]);
  if (pull.code !== 0) return false;
  const oid = await must(name, ["rev-parse", "HEAD"]);
  const branch = `refs/heads/own-${number}`;
  const withOwn = next() < 0.25;
  const refs = withOwn ? ["main", `+main:${branch}`] : ["main"];
  const kill = !calm && next() < Number(values.kill) ? 50 + next() * 1500 : undefined;
  const { code, err } = await git(
    name,
    ["push", "--porcelain", ...(next() < 0.2 ? ["--atomic"] : []), "origin", ...refs],
    kill,
  );
  if (withOwn) own.set(branch, [...(own.get(branch) ?? []), { oid, done: code === 0 }]);
  if (code === 0) acknowledged.push({ oid, number });
  if (code === 0) count.acknowledged++;
  else if (code === null) count.killed++;
  else if (/fetch first|non-fast-forward|atomic|stale/.test(err) || code === 1) count.rejected++;
  else count.failed++;
  return code === 0;
}

/** All roots there ever were, where they are kept: in a folder, or by who stands before the bucket. */
function allRoots() {
  if (recorder) return recorder.roots;
  const log = join(root, "bucket/project/git/log");
  if (!existsSync(log)) return [];
  return (
    readdirSync(log)
      // A killed writer may leave a temporary file, which nobody reads.
      .filter((file) => /^\d{16}$/.test(file))
      .map((file) => JSON.parse(readFileSync(join(log, file), "utf8")))
  );
}

/** The history as its roots tell it: each follows from the one before. `order`: commits of main, oldest first. */
function replay(roots, order) {
  roots.sort((a, b) => a.generation - b.generation);
  const place = new Map(order.map((oid, i) => [oid, i]));
  const main = ({ refs }) => (refs["refs/heads/main"] ? (place.get(refs["refs/heads/main"]) ?? -2) : -1);
  for (const [i, now] of roots.entries()) {
    if (now.generation !== roots[0].generation + i) throw new Error(`generation ${now.generation} does not follow`);
    const before = roots[i - 1]?.transactions ?? [];
    const kept = now.transactions.slice(0, -1);
    if (i > 0 && kept.join() !== before.slice(-kept.length).join() && kept.length > 0)
      throw new Error(`generation ${now.generation} forgot transactions`);
    if (new Set(now.transactions).size !== now.transactions.length)
      throw new Error(`generation ${now.generation} has a transaction twice`);
    if (main(now) === -2 || (i > 0 && main(now) < main(roots[i - 1])))
      throw new Error(`main went elsewhere in generation ${now.generation}`);
  }
  const seen = new Set(roots.map(({ refs }) => refs["refs/heads/main"]));
  const never = acknowledged.filter(({ oid }) => !seen.has(oid));
  if (roots.length > 0 && never.length > 0) throw new Error(`acknowledged, and never in a root: ${never[0].oid}`);
  return roots.length > 0 ? `, ${roots.length} roots replayed` : "";
}

/** A branch that one writer moves has the last value that was acknowledged, or one that was tried after it. */
function checkOwn(refs) {
  for (const [branch, tries] of own) {
    const last = tries.findLastIndex(({ done }) => done);
    if (last >= 0 && !tries.slice(last).some(({ oid }) => oid === refs.get(branch)))
      throw new Error(`${branch} is ${refs.get(branch)}, and ${tries[last].oid} was acknowledged`);
  }
}

const begin = Date.now();
try {
  writeFileSync(join(root, ".gitconfig"), "[init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n");
  await must(root, ["init", "-q", "first"]);
  const first = join(root, "first");
  await must(first, ["commit", "-q", "--allow-empty", "-m", "first"]);
  await must(first, ["push", "-q", url, "main"]);
  const writers = Number(values.writers);
  const each = Math.ceil(Number(values.pushes) / writers);
  await Promise.all(Array.from({ length: writers }, (_, i) => writer(i, each)));
  await must(root, ["clone", "-q", url, "check"]);
  const check = join(root, "check");
  await must(check, ["fsck", "--full", "--strict"]);
  const order = (await must(check, ["rev-list", "--reverse", "origin/main"])).split("\n");
  const reached = new Set(order);
  const lost = acknowledged.filter(({ oid }) => !reached.has(oid));
  const listed = (await must(check, ["ls-remote", "origin"])).split("\n").map((line) => line.split("\t").reverse());
  checkOwn(new Map(listed));
  const told = replay(allRoots(), order);
  const seconds = ((Date.now() - begin) / 1000).toFixed(0);
  console.log(
    `seed ${seed}: ${count.acknowledged} acknowledged, ${count.rejected} rejected, ${count.killed} killed, ${count.failed} failed, ${lost.length} lost${told}, ${seconds} s`,
  );
  if (lost.length > 0 || count.failed > 0) process.exitCode = 1;
} catch (error) {
  console.error(`seed ${seed}: ${error.message}\nkept: ${root}`);
  values.keep = true;
  process.exitCode = 1;
} finally {
  recorder?.stop();
  s3?.stop?.();
  if (!values.keep) rmSync(root, { recursive: true, force: true });
}
