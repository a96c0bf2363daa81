import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { editMiddle } from "./data.mjs";
import { measure, run } from "./measure.mjs";
import { baselines } from "./tool/cp.mjs";

/** What MLGIT_TRACE prints for each operation on a store. */
const storeOperation = /^mlgit [\d.]+ store: (save|load|stat|list|remove) /gm;

/** Copies and hashes the data once: the yardstick of this round. */
export function runBaselines({ data, work, record, discard }) {
  mkdirSync(work, { recursive: true });
  for (const [name, command] of Object.entries(baselines))
    record(name, measure(command(data, join(work, "copy")), { cwd: work, env: process.env, scratch: work }));
  discard(work);
}

/**
 * One tool's whole day with the data: add, push, check out, clone, edit, push; then the same from a bucket if it can. After every step that
 * fills a worktree its bytes are compared and `git status` is timed.
 */
export async function runScenario({ tool, data, work, record, discard, linked, edit, s3 }) {
  mkdirSync(join(work, "home"), { recursive: true });
  const env = environment(tool, work, s3);
  const repo = join(work, "repo");
  const remote = join(work, "remote.git");
  const git = (cwd, ...args) => run(["git", ...args], { cwd, env });
  const timed = (step, cwd, ...args) => {
    // Who traces pays for it: only what speaks to a store does.
    const traced = /push|clone/.test(step) ? { ...env, MLGIT_TRACE: "1" } : env;
    const { stderr, ...numbers } = measure(["git", ...args], { cwd, env: traced, scratch: work });
    record(step, numbers);
    const requests = stderr.match(storeOperation)?.length;
    if (requests) record.last({ requests });
    return numbers;
  };
  const status = (after, cwd) => {
    const { stdout } = git(cwd, "status", "--porcelain");
    if (stdout !== "" && after !== "add") throw new Error(`not clean after ${after}:\n${stdout.slice(0, 500)}`);
    timed(`status after ${after}`, cwd, "status", "--porcelain");
  };
  const same = (place, original = data) => run(["diff", "-rq", original, join(place, "data")], { cwd: work, env });

  if (tool.install) run(tool.install, { cwd: work, env });
  makeRepository({ tool, repo, remote, env });
  run(["cp", "-r", data, join(repo, "data")], { cwd: work, env });
  const added = timed("add", repo, "add", "-A");
  if (tool.bulkAdd) addInBulk({ tool, data, work, env, timed, discard });
  else record(bulkStep, added);
  timed("status after add", repo, "status", "--porcelain");
  git(repo, "commit", "-q", "-m", "one");

  const pushed = (step) =>
    withStored(
      record,
      () => tool.stored(remote),
      () => timed(step, repo, "push", "-q", "origin", "main"),
    );
  await pushed("push");
  status("push", repo);
  discard(join(repo, "data"));
  timed("checkout", repo, "checkout", "-q", "--", "data");
  same(repo);
  status("checkout", repo);
  timed("clone", work, "clone", "-q", `file://${remote}`, "clone");
  same(join(work, "clone"));
  status("clone", join(work, "clone"));
  if (linked) checkOutLinked({ tool, clone: join(work, "clone"), env, git, timed, discard });
  discard(join(work, "clone"));
  if (edit) {
    editOne(join(repo, "data"), edit);
    timed("add after edit", repo, "add", "-A");
    git(repo, "commit", "-q", "-m", "two");
    await pushed("push after edit");
  }
  if (s3 && tool.useS3) await runS3({ tool, work, env, s3, git, timed, same, record });
  run(["chmod", "-R", "u+w", work], { cwd: "/", env });
  discard(work);
}

const bulkStep = "git mlgit add (others: add)";

/** The same data in a repository of its own, by the tool's own command for much of it. */
function addInBulk({ tool, data, work, env, timed, discard }) {
  const repo = join(work, "bulk");
  makeRepository({ tool, repo, remote: join(work, "bulk.git"), env });
  run(["cp", "-r", data, join(repo, "data")], { cwd: work, env });
  timed(bulkStep, repo, ...tool.bulkAdd);
  if (
    run(["git", "write-tree"], { cwd: repo, env }).stdout !==
    run(["git", "write-tree"], { cwd: join(work, "repo"), env }).stdout
  )
    throw new Error(`git ${tool.bulkAdd.join(" ")} and git add came to different trees`);
  discard(repo);
}

/** What nobody may change in place can be a link to the cache; a tool without such a thing checks out as always. */
function checkOutLinked({ tool, clone, env, git, timed, discard }) {
  for (const command of tool.link ?? []) run(command, { cwd: clone, env });
  const folder = tool.linkedFolder ?? "data";
  git(clone, "add", "-A");
  git(clone, "commit", "-q", "--allow-empty", "-m", "linked");
  run(["chmod", "-R", "u+w", folder], { cwd: clone, env: process.env });
  discard(join(clone, folder));
  timed("checkout linked", clone, "checkout", "-q", "--", folder);
  git(clone, "diff", "--exit-code", "HEAD");
}

async function runS3({ tool, work, env, s3, git, timed, same, record }) {
  const repo = join(work, "repo");
  const prefix = `run-${process.hrtime.bigint()}`;
  const remote = join(work, "remote-s3.git");
  git(work, "init", "-q", "--bare", remote);
  git(repo, "remote", "set-url", "origin", `file://${remote}`);
  for (const command of tool.useS3(`s3://bench/${prefix}`, s3.endpoint)) run(command, { cwd: repo, env });
  await withStored(
    record,
    () => s3.content(prefix),
    () => timed("push s3", repo, "push", "-q", "origin", "main"),
  );
  timed("clone s3", work, "clone", "-q", `file://${remote}`, "clone-s3");
  same(join(work, "clone-s3"), join(repo, "data"));
}

/** Adds to a step what it added to the store. */
async function withStored(record, stored, step) {
  const before = await stored();
  step();
  const after = await stored();
  record.last({ uploaded: after.bytes - before.bytes, objects: after.objects - before.objects });
}

function makeRepository({ tool, repo, remote, env }) {
  const work = join(repo, "..");
  run(["git", "init", "-q", "--bare", remote], { cwd: work, env });
  run(["git", "init", "-q", repo], { cwd: work, env });
  run(["git", "remote", "add", "origin", `file://${remote}`], { cwd: repo, env });
  for (const command of tool.track) run(command, { cwd: repo, env });
  run(["git", "add", "-A"], { cwd: repo, env });
  run(["git", "commit", "-q", "--allow-empty", "-m", "zero"], { cwd: repo, env });
}

/** The user's configuration stays out; each tool has a home of its own, with a configuration like anybody's. */
export function environment(tool, work, s3) {
  const config = [
    "[user]\n\tname = Bench\n\temail = bench@example.invalid",
    "[init]\n\tdefaultBranch = main",
    "[gc]\n\tauto = 0",
    '[protocol "file"]\n\tallow = always\n',
  ];
  const home = join(work, "home");
  writeFileSync(join(home, ".gitconfig"), config.join("\n"));
  const own = {
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    GIT_CONFIG_GLOBAL: join(home, ".gitconfig"),
    GIT_CONFIG_NOSYSTEM: "1",
  };
  const path = [...tool.path, process.env.PATH].join(delimiter);
  return { ...process.env, ...own, ...(s3?.env ?? {}), PATH: path };
}

/** A worktree file may be a read-only link to the cache: an editor writes a new one in its place. */
function editOne(folder, edit) {
  const [name] = readdirSync(folder, { recursive: true }).filter((entry) => entry.endsWith(".bin"));
  const path = join(folder, name);
  run(["sh", "-c", 'cp "$1" "$1.new" && chmod u+w "$1.new"', "sh", path], { cwd: folder, env: process.env });
  editMiddle(`${path}.new`, edit);
  run(["mv", "-f", `${path}.new`, path], { cwd: folder, env: process.env });
}
