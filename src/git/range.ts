import { gitIn, type Repository } from "./repository.ts";
import { knownRevisions } from "./revision.ts";

/** Commits in the history of `include` and not in that of `exclude`; both are revisions or options such as `--all`. */
export interface CommitRange {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** The commits of a range, the oldest first; an `exclude` that is not here (a remote's newer commit) excludes nothing; with `pathspecs` only those that differ there from a parent. */
export async function listCommits(
  repository: Repository,
  { include, exclude }: CommitRange,
  pathspecs: readonly string[] = [],
): Promise<string[]> {
  if (include.length === 0) return [];
  const not = await exclusion(repository, exclude);
  // Else git leaves a merge out that has all of one parent, and with it what was lost of the other.
  const all = pathspecs.length > 0 ? ["--full-history"] : [];
  const args = ["rev-list", "--reverse", "--topo-order", ...all, ...include, ...not, "--", ...pathspecs];
  const { stdout } = await gitIn(repository, args);
  return stdout.toString("latin1").split("\n").filter(Boolean);
}

async function exclusion(repository: Repository, exclude: readonly string[]): Promise<string[]> {
  const revisions = exclude.filter((one) => !one.startsWith("-"));
  const known = [...exclude.filter((one) => one.startsWith("-")), ...(await knownRevisions(repository, revisions))];
  return known.length > 0 ? ["--not", ...known] : [];
}

export interface PathState {
  readonly commit: string;
  readonly path: Buffer;
  readonly blob: string;
}

/** What the commits of a range make of the files at `pathspecs`, the oldest first. A shallow clone's first commit brings all that it has. */
export async function pathStates(
  repository: Repository,
  range: CommitRange,
  pathspecs: readonly string[],
): Promise<PathState[]> {
  const commits = await listCommits(repository, range, pathspecs);
  if (commits.length === 0) return [];
  const args = ["diff-tree", "--stdin", "-r", "--root", "-m", "--raw", "-z", "--no-renames", "--abbrev=64"];
  const { stdout } = await gitIn(repository, [...args, "--", ...pathspecs], { input: `${commits.join("\n")}\n` });
  const states: PathState[] = [];
  let commit = "";
  let blob: string | undefined;
  for (const field of stdout.toString("latin1").split("\0")) {
    if (blob !== undefined) states.push({ commit, blob, path: Buffer.from(field, "latin1") });
    else if (!field.startsWith(":")) commit = /^[0-9a-f]+/.exec(field)?.[0] ?? commit;
    blob = blob === undefined && field.startsWith(":") ? (field.split(" ")[3] ?? "") : undefined;
  }
  return states;
}

/** The blobs that a range of commits brings. */
export async function newBlobs(repository: Repository, { include, exclude }: CommitRange): Promise<Set<string>> {
  const which = ["--objects", "--no-object-names", "--filter=object:type=blob", "--filter-provided-objects"];
  const not = await exclusion(repository, exclude);
  const { stdout } = await gitIn(repository, ["rev-list", ...which, ...include, ...not]);
  return new Set(stdout.toString("latin1").split("\n").filter(Boolean));
}

/** What a range was made on: a commit that `exclude` has, or nothing. Whatever the range brings differs between it and the ends. */
export interface RangeStart {
  readonly commit: string | undefined;
}

/** Undefined for a range without commits. An `exclude` that is not here excludes nothing. */
export async function rangeStart(
  repository: Repository,
  { include, exclude }: CommitRange,
): Promise<RangeStart | undefined> {
  const options = exclude.filter((one) => one.startsWith("-"));
  const named = exclude.filter((one) => !one.startsWith("-"));
  if (include.every((one) => named.includes(one))) return undefined;
  const known = await knownRevisions(repository, named);
  // As when one branch is pushed again: there is nothing to choose from.
  if (options.length === 0 && known.length < 2) return { commit: known[0] };
  const input = [...include, ...known.map((one) => `^${one}`), ""].join("\n");
  const not = options.length > 0 ? ["--not", ...options] : [];
  const { stdout } = await gitIn(repository, ["rev-list", "--boundary", "--stdin", ...not], { input });
  return stdout.length === 0 ? undefined : { commit: /^-([0-9a-f]+)$/m.exec(stdout.toString("latin1"))?.[1] };
}

/** Those of the commits that are in the history of no other one of them. */
export async function independentTips(repository: Repository, commits: readonly string[]): Promise<string[]> {
  const unique = [...new Set(commits)];
  if (unique.length < 2) return unique;
  const { stdout } = await gitIn(repository, ["merge-base", "--independent", ...unique]);
  return stdout.toString("latin1").split("\n").filter(Boolean);
}

/** The commit that the histories of several have in common; undefined where there is none. */
export async function commonAncestor(repository: Repository, commits: readonly string[]): Promise<string | undefined> {
  const { code, stdout } = await gitIn(repository, ["merge-base", "--octopus", ...commits], { okCodes: [0, 1] });
  return code === 0 ? stdout.toString("latin1").split("\n")[0] : undefined;
}

/** The message of a commit, whole. */
export async function commitMessage(repository: Repository, commit: string): Promise<string> {
  const { stdout } = await gitIn(repository, ["log", "-1", "--format=%B", commit, "--"]);
  return stdout.toString("utf8");
}
