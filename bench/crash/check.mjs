import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Throws unless data/ of a folder holds exactly these files. */
export function compare(folder, expected) {
  const data = join(folder, "data");
  for (const [name, oid] of expected) {
    let found;
    try {
      found = createHash("sha256")
        .update(readFileSync(join(data, name)))
        .digest("hex");
    } catch (error) {
      throw new Error(`${join(data, name)}: ${error.message}`);
    }
    if (found !== oid) throw new Error(`${join(data, name)} is sha256:${found} and not sha256:${oid}`);
  }
  const names = existsSync(data) ? readdirSync(data, { withFileTypes: true }).filter((entry) => entry.isFile()) : [];
  const extra = names.filter(({ name }) => !expected.has(name));
  if (extra.length > 0) throw new Error(`${data} has ${extra.map(({ name }) => name)} as well`);
}

/** fsck must be clean, or repair everything and then be clean. */
export function checkClone(world, clone) {
  const first = world.try(clone, "git", "mlgit", "fsck");
  if (first.code === 0) return false;
  const fixed = world.try(clone, "git", "mlgit", "fsck", "--fix");
  if (fixed.code !== 0) throw new Error(`fsck cannot repair:\n${first.text}\n${fixed.text}`);
  const again = world.try(clone, "git", "mlgit", "fsck");
  if (again.code !== 0) throw new Error(`fsck is not clean after repairing:\n${again.text}`);
  return true;
}

/** Streams a commit out of git and compares every byte with the oracle: from this clone's cache, or what its store has. */
export function checkCommit(world, clone, id) {
  const { files } = world.commits.get(id);
  if (files.size === 0) return;
  const out = join(world.root, "out");
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  world.git(clone, "archive", "-o", join(out, "x.tar"), id, "data");
  world.try(out, "tar", "-xf", "x.tar");
  compare(out, files);
}

/** A fresh clone with a cache of its own has every pushed commit, byte for byte. */
export function checkRemote(world, random) {
  const clone = join(world.root, "fresh");
  rmSync(clone, { recursive: true, force: true });
  const heads = world.git(
    join(world.root, "origin.git"),
    "for-each-ref",
    "--format=%(refname:short) %(objectname)",
    "refs/heads",
  );
  const branches = heads
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split(" "));
  if (branches.length === 0) return;
  const [branch, tip] = random.pick(branches);
  world.git(world.root, "clone", "-q", "-b", branch, join(world.root, "origin.git"), clone);
  world.git(clone, "mlgit", "hydrate");
  const known = world.commits.get(tip);
  if (known) compare(clone, known.files);
  const { code, text } = world.try(clone, "git", "mlgit", "fetch", "--all");
  if (code !== 0) throw new Error(`a fresh clone cannot fetch everything:\n${text}`);
  rmSync(clone, { recursive: true, force: true });
}
