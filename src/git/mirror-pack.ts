import { join } from "node:path";
import { gitInMirror, mirrorEnv } from "./mirror.ts";
import { type GitProcess, startGit } from "./process.ts";
import { cwdOf, gitIn, type Repository } from "./repository.ts";

const packAll = ["pack-objects", "--revs", "--stdout", "--delta-base-offset", "-q"];

/** A pack, complete in itself, of everything that the ids reach in a mirror, on stdout. Await `done` or call `stop`. */
export function packInMirror(mirror: string, tips: readonly string[]): GitProcess {
  const git = startGit(packAll, { cwd: mirror, env: mirrorEnv(mirror) });
  git.stdin.end([...tips, ""].join("\n"));
  return git;
}

/** Writes a pack of these objects alone, without what they reach, beside others. @returns its file name without an end. */
export async function packOfTips(mirror: string, base: string, tips: readonly string[]): Promise<string> {
  const input = [...tips, ""].join("\n");
  const { stdout } = await gitInMirror(mirror, ["pack-objects", "-q", base], { input });
  return `pack-${stdout.toString("latin1").trim()}`;
}

/** Makes one pack file of several of a mirror, which stay. Names without ends, `pack-<hash>`. @returns the new one's. */
export async function joinPacks(mirror: string, names: readonly string[]): Promise<string> {
  const input = names.map((name) => `${name}.pack\n`).join("");
  const args = ["pack-objects", "--stdin-packs", "--delta-base-offset", "-q", join(mirror, "objects/pack/pack")];
  const { stdout } = await gitInMirror(mirror, args, { input });
  return `pack-${stdout.toString("latin1").trim()}`;
}

/** The same of a repository and of other object folders together. */
export function packAnywhere(repository: Repository, tips: readonly string[], objects: readonly string[]): GitProcess {
  const git = startGit(packAll, { cwd: cwdOf(repository), env: withObjects(objects) });
  git.stdin.end([...tips, ""].join("\n"));
  return git;
}

/** Of the ids, those whose whole history is in the repository or the other object folders. */
export async function completeTips(
  repository: Repository,
  tips: readonly string[],
  objects: readonly string[],
): Promise<string[]> {
  const complete: string[] = [];
  for (const tip of new Set(tips)) {
    const args = ["rev-list", "--objects", "--quiet", tip, ...complete.slice(-1).map((oid) => `^${oid}`), "--"];
    const { code } = await gitIn(repository, args, { env: withObjects(objects), okCodes: [0, 1, 128] });
    if (code === 0) complete.push(tip);
  }
  return complete;
}

/** What annotated tags among the ids come down to: id → object. */
export async function peelTags(
  repository: Repository,
  oids: readonly string[],
  objects: readonly string[],
): Promise<Map<string, string>> {
  const input = oids.map((oid) => `${oid}^{}\n`).join("");
  const args = ["cat-file", "--batch-check=%(objectname)"];
  const { stdout } = await gitIn(repository, args, { env: withObjects(objects), input });
  const lines = stdout.toString("latin1").split("\n");
  return new Map(
    oids.flatMap((oid, i) => (/^[0-9a-f]+$/.test(lines[i] ?? "") && lines[i] !== oid ? [[oid, lines[i] ?? ""]] : [])),
  );
}

function withObjects(folders: readonly string[]): Record<string, string> {
  return folders.length > 0 ? { GIT_ALTERNATE_OBJECT_DIRECTORIES: folders.join(":") } : {};
}
