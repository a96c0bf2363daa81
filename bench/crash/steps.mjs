import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * What may be killed. Each step gives the commands of one clone; running them again after a kill must succeed. A step may prepare
 * something before (edits are what a person does, not what is under test) and settle something after it succeeded.
 */
const git = (...args) => ["git", args];
const mlgit = (...args) => ["git", ["mlgit", ...args]];

export const steps = {
  add: { prepare: edit, commands: () => [git("add", "-A")], settle: commit },
  "fast add": { prepare: edit, commands: () => [mlgit("add", ".")], settle: commit },
  "commit all": { prepare: edit, commands: (on) => [git("add", "-A"), ...commitIfChanged(on)], settle: note },
  stash: { prepare: edit, commands: () => [git("stash", "-q", "-u")], settle: () => {}, mayDoNothing: true },
  push: { commands: (on) => [git("push", "-q", "-f", "origin", `HEAD:refs/heads/${on.name}`)], settle: pushed },
  "push data": { commands: () => [mlgit("push", "--all")], settle: pushedAll },
  checkout: { prepare: choose, commands: (on) => [git("reset", "-q", "--hard", on.target)], settle: matches },
  "checkout from store": { prepare: emptied, commands: () => [git("reset", "-q", "--hard", "HEAD")], settle: matches },
  hydrate: {
    prepare: (on) => on.world.try(on.clone, "git", "mlgit", "dehydrate", "data"),
    commands: () => [mlgit("hydrate")],
    settle: matches,
  },
  "fetch data": {
    prepare: emptied,
    commands: () => [mlgit("fetch", "--all"), git("reset", "-q", "--hard", "HEAD")],
    settle: matches,
  },
  fsck: { commands: () => [mlgit("fsck", "--fix")], settle: () => {} },
  prune: {
    optional: "prune",
    commands: () => [mlgit("prune", "--grace", "1h", "--keep", "unpushed")],
    settle: () => {},
  },
  gc: {
    optional: "gc",
    // Before the first push there is no store, and gc says so.
    possible: ({ store }) => existsSync(join(store, "mlgit.json")),
    prepare: fetched,
    commands: () => [mlgit("gc", "--grace", "1h", "--force")],
    settle: () => {},
  },
};

/** Changes a few files and deletes one now and then. Half of the sizes are around the limits that the code knows. */
function edit(on) {
  const { random, clone } = on;
  const folder = join(clone, "data");
  mkdirSync(folder, { recursive: true });
  for (let i = 1 + random.below(5); i > 0; i--) {
    const path = join(folder, `${random.below(12)}.bin`);
    if (random.chance(10)) rmSync(path, { force: true });
    else writeFileSync(path, random.bytes(sizeOf(random)));
  }
}

function sizeOf(random) {
  const limits = [0, 1, 1023, 1024, 32_768, 262_144, 262_145, 1_048_575, 1_048_576];
  if (random.chance(30)) return random.pick(limits);
  return random.chance(15) ? 1_100_000 + random.below(2_000_000) : random.below(120_000);
}

function commitIfChanged(on) {
  return [["git", ["diff", "--cached", "--quiet"], { otherwise: ["git", ["commit", "-qm", `by ${on.name}`]] }]];
}

function commit(on) {
  const { code } = on.world.try(on.clone, "git", "diff", "--cached", "--quiet");
  if (code !== 0) on.world.git(on.clone, "commit", "-qm", `by ${on.name}`);
  note(on);
}

/** Takes down what the commit just made is to contain: from the worktree, which nobody has touched since `edit`. */
function note(on) {
  const head = on.world.git(on.clone, "rev-parse", "HEAD").trim();
  on.world.commits.set(head, { clone: on.clone, files: on.snapshot });
}

function pushed(on) {
  on.world.pushed.add(on.world.git(on.clone, "rev-parse", "HEAD").trim());
}

function pushedAll(on) {
  for (const [id, commit] of on.world.commits) if (commit.clone === on.clone) on.world.pushed.add(id);
}

function choose(on) {
  const own = [...on.world.commits].filter(([, commit]) => commit.clone === on.clone).map(([id]) => id);
  on.target = own.length === 0 ? "HEAD" : on.random.pick(own);
}

/** As a clone begins: nothing in the cache, nothing in the worktree. Only where the store has everything. */
function emptied(on) {
  if (!on.world.sharesCache && on.world.try(on.clone, "git", "mlgit", "push", "--all").code === 0) {
    pushedAll(on);
    rmSync(on.world.cacheOf(on.clone), { recursive: true, force: true });
  }
  rmSync(join(on.clone, "data"), { recursive: true, force: true });
  on.target = "HEAD";
}

function fetched(on) {
  on.world.git(on.clone, "fetch", "-q", "origin");
}

/** The worktree is exactly what was committed, and git sees no change. */
function matches(on) {
  const head = on.world.git(on.clone, "rev-parse", "HEAD").trim();
  const expected = on.world.commits.get(head)?.files;
  if (expected) on.compare(on.clone, expected);
  const status = on.world.git(on.clone, "status", "--porcelain", "-uno");
  if (status !== "") throw new Error(`git status after checkout:\n${status}`);
}

/** Paths below data/ and their bytes' oids, kept in the oracle. */
export function snapshot(on, read) {
  const folder = join(on.clone, "data");
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(names.map(({ name }) => [name, on.world.remember(read(join(folder, name)))]));
}
