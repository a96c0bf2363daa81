import { join } from "node:path";
import { gitInMirror, mirrorEnv } from "./mirror.ts";
import { type GitProcess, startGit } from "./process.ts";
import { cwdOf, gitIn, type Repository } from "./repository.ts";
import { runGit } from "./run.ts";

const packAll = ["pack-objects", "--revs", "--stdout", "--delta-base-offset", "-q"];

/** A pack, complete in itself, of everything that the ids reach in a mirror, on stdout. Await `done` or call `stop`. */
export function packInMirror(mirror: string, tips: readonly string[]): GitProcess {
  const git = startGit(packAll, { cwd: mirror, env: mirrorEnv(mirror) });
  git.stdin.end([...tips, ""].join("\n"));
  return git;
}

/**
 * Writes a pack of these objects alone, without what they reach, into the folder `objects` of a repository. @returns its file name without an end.
 */
export function packOfTips(mirror: string, objects: string, tips: readonly string[]): Promise<string> {
  return packInto(objects, { mirror, args: [], lines: tips });
}

/** The same of everything that `tips` reach and `known` do not, with the tags of it. */
export function packReached(
  mirror: string,
  objects: string,
  { tips, known }: { readonly tips: readonly string[]; readonly known: readonly string[] },
): Promise<string> {
  const args = ["--revs", "--include-tag", "--delta-base-offset"];
  return packInto(objects, { mirror, args, lines: [...tips, ...known.map((oid) => `^${oid}`)] });
}

/** Do some of the commits not belong to what `known` reach? */
export async function reachMore(
  mirror: string,
  commits: readonly string[],
  known: readonly string[],
): Promise<boolean> {
  const input = [...commits, ...known.map((oid) => `^${oid}`), ""].join("\n");
  const { stdout } = await gitInMirror(mirror, ["rev-list", "--max-count=1", "--stdin"], { input });
  return stdout.length > 0;
}

interface PackFrom {
  readonly mirror: string;
  readonly args: readonly string[];
  readonly lines: readonly string[];
}

async function packInto(objects: string, { mirror, args, lines }: PackFrom): Promise<string> {
  // git makes its temporary file among its own objects, and the mirror may lie on another disk.
  const folders = { GIT_OBJECT_DIRECTORY: objects, ...withObjects([join(mirror, "objects")]) };
  const all = ["pack-objects", "-q", ...args, join(objects, "pack/pack")];
  const input = [...lines, ""].join("\n");
  const { stdout } = await runGit(all, { cwd: mirror, env: { ...mirrorEnv(mirror), ...folders }, input });
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

/** git(1): a path that begins with a double quote is C-style quoted, which one with a colon has to be. */
function withObjects(folders: readonly string[]): Record<string, string> {
  const quoted = folders.map((path) => (/[:"\\]/.test(path) ? `"${path.replace(/["\\]/g, "\\$&")}"` : path));
  return folders.length > 0 ? { GIT_ALTERNATE_OBJECT_DIRECTORIES: quoted.join(":") } : {};
}
