import { MlgitError } from "../error/mlgit-error.ts";
import { cwdOf, gitIn, type Repository } from "./repository.ts";
import { runGit } from "./run.ts";

export interface TagRef {
  /** Without `refs/tags/`. */
  readonly tag: string;
  /** The commit it names in the end. */
  readonly commit: string;
}

/** The tags of commits, all of them or those that are in the history of one of `tips`. */
export async function listTags(repository: Repository, tips?: readonly string[]): Promise<TagRef[]> {
  if (tips?.length === 0) return [];
  const merged = (tips ?? []).map((tip) => `--merged=${tip}`);
  return readTags(repository, 2, [...merged, "refs/tags"]);
}

/** `strip`: parts of a ref's name before the tag's own. */
async function readTags(repository: Repository, strip: number, args: readonly string[]): Promise<TagRef[]> {
  const format = `%(refname:strip=${strip}) %(objecttype) %(objectname) %(*objecttype) %(*objectname)`;
  const { stdout } = await gitIn(repository, ["for-each-ref", `--format=${format}`, ...args]);
  return stdout
    .toString("utf8")
    .split("\n")
    .flatMap((line) => {
      const [tag = "", type, oid, innerType, inner] = line.split(" ");
      const commit = type === "commit" ? oid : innerType === "commit" ? inner : undefined;
      return commit ? [{ tag, commit }] : [];
    });
}

/** Where a registry's tags are kept here, by the name of its git remote: they name other commits than our own tags do. */
export const registryTags = "refs/mlgit/registries";

/** The tags of commits that were fetched from one registry, or from all. */
export function listRegistryTags(repository: Repository, remote?: string): Promise<TagRef[]> {
  const prefix = remote === undefined ? registryTags : `${registryTags}/${remote}`;
  return readTags(repository, 4, [prefix]);
}

/** Makes an annotated tag of a commit; with `force` in place of one of that name. @throws MlgitError kind `incomplete` with git's words. */
export async function makeTag(
  repository: Repository,
  { tag, commit }: TagRef,
  { message, force = false }: { readonly message: string; readonly force?: boolean },
): Promise<void> {
  const args = ["tag", "-a", ...(force ? ["-f"] : []), "-m", message, "--", tag, commit];
  await runGit(args, { cwd: cwdOf(repository) });
}

/** Whether the first commit is in the history of the second, or is it. */
export async function isAncestor(repository: Repository, ancestor: string, commit: string): Promise<boolean> {
  const { code } = await gitIn(repository, ["merge-base", "--is-ancestor", ancestor, commit], { okCodes: [0, 1, 128] });
  return code === 0;
}

/** The commits that a commit was made on; several for a merge. */
export async function parentsOf(repository: Repository, commit: string): Promise<string[]> {
  const { stdout } = await gitIn(repository, ["rev-parse", `${commit}^@`]);
  return stdout.toString("latin1").split("\n").filter(Boolean);
}

/** The refs below the given prefixes whose history has the commit. */
export async function refsWith(repository: Repository, commit: string, prefixes: readonly string[]): Promise<string[]> {
  const args = ["for-each-ref", "--format=%(refname)", `--contains=${commit}`, ...prefixes];
  const { code, stdout } = await gitIn(repository, args, { okCodes: [0, 128, 129] });
  return code === 0 ? stdout.toString("utf8").split("\n").filter(Boolean) : [];
}

/** The tree of a folder of the index of this worktree (GIT_INDEX_FILE respected), written as an object; undefined where the index has none. */
export async function indexTree(repository: Repository, folder: string): Promise<string | undefined> {
  const args = ["write-tree", "--missing-ok", `--prefix=${folder}/`];
  const { code, stdout, stderr } = await gitIn(repository, args, { okCodes: [0, 128] });
  if (code === 0) return stdout.toString("latin1").trim();
  if (stderr.includes("prefix")) return undefined;
  throw new MlgitError("conflict", `the index cannot be committed: ${stderr.trim()}`, {
    path: folder,
    hint: "git status",
  });
}

/** What each name (`<commit>:<path>`) is: the object's id, or undefined where there is none. One process. */
export async function resolveObjects(
  repository: Repository,
  names: readonly string[],
): Promise<(string | undefined)[]> {
  if (names.length === 0) return [];
  const { stdout } = await gitIn(repository, ["cat-file", "--batch-check=%(objectname)"], {
    input: names.map((name) => `${name}\n`).join(""),
  });
  return stdout
    .toString("utf8")
    .split("\n")
    .slice(0, names.length)
    .map((line) => (/^[0-9a-f]{40,64}$/.test(line) ? line : undefined));
}

/** Removes a tag of this repository; one that is gone already is no error. */
export async function deleteTag(repository: Repository, tag: string): Promise<void> {
  await gitIn(repository, ["tag", "-d", "--", tag], { okCodes: [0, 1] });
}
