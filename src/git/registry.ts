import { MlgitError } from "../error/mlgit-error.ts";
import { emptyTree, verifyCommit } from "./changes.ts";
import { gitIn, type Repository } from "./repository.ts";
import { registryTags } from "./tags.ts";

/** Brings a registry's branches and tags; the tags into a place of their own. Contacts it. @throws MlgitError kind `incomplete` with git's words. */
export async function fetchRegistry(repository: Repository, remote: string): Promise<void> {
  const specs = [`+refs/heads/*:refs/remotes/${remote}/*`, `+refs/tags/*:${registryTags}/${remote}/*`];
  await gitIn(repository, ["fetch", "-q", "--no-tags", "--no-write-fetch-head", "--refmap=", remote, ...specs]);
}

export interface RegistryTip {
  /** Without `refs/heads/`. */
  readonly branch: string;
  /** Undefined where the registry is empty. */
  readonly commit: string | undefined;
  readonly tree: string;
}

/** The branch that a registry's versions go to: its HEAD, or `preset` where it has none yet. Contacts it. */
export async function registryTip(repository: Repository, remote: string, preset: string): Promise<RegistryTip> {
  const { stdout } = await gitIn(repository, ["ls-remote", "--quiet", "--symref", "--", remote, "HEAD"]);
  const branch = /^ref: refs\/heads\/(.+)\tHEAD$/m.exec(stdout.toString("utf8"))?.[1] ?? preset;
  const commit = await verifyCommit(repository, `refs/remotes/${remote}/${branch}`);
  if (commit === undefined) return { branch, commit, tree: await emptyTree(repository) };
  const tree = await gitIn(repository, ["rev-parse", `${commit}^{tree}`]);
  return { branch, commit, tree: tree.stdout.toString("latin1").trim() };
}

export interface Graft {
  readonly tip: RegistryTip;
  readonly tree: string;
  readonly tag: string;
  readonly message: string;
}

export interface Grafted {
  readonly commit: string;
  /** The tag object. */
  readonly tag: string;
}

/** Writes the commit and its tag as objects; no ref of this repository names them. @throws MlgitError kind `incomplete`, such as who the author is. */
export async function writeGraft(repository: Repository, { tip, tree, tag, message }: Graft): Promise<Grafted> {
  const parent = tip.commit === undefined ? [] : ["-p", tip.commit];
  const made = await gitIn(repository, ["commit-tree", ...parent, "-F", "-", tree], { input: `${message}\n` });
  const commit = made.stdout.toString("latin1").trim();
  const who = (await gitIn(repository, ["var", "GIT_COMMITTER_IDENT"])).stdout.toString("utf8").trim();
  const text = `object ${commit}\ntype commit\ntag ${tag}\ntagger ${who}\n\n${message}\n`;
  const object = await gitIn(repository, ["mktag"], { input: text });
  return { commit, tag: object.stdout.toString("latin1").trim() };
}

/**
 * Pushes both or none; never anything by force. Undefined when the registry has them now, else what git says against it: mostly
 * that somebody was faster.
 * @throws MlgitError kind `incomplete` when the registry cannot be reached or written at all.
 */
export async function pushGraft(
  repository: Repository,
  remote: string,
  graft: Graft,
  made: Grafted,
): Promise<string | undefined> {
  const specs = [`${made.commit}:refs/heads/${graft.tip.branch}`, `${made.tag}:refs/tags/${graft.tag}`];
  // The data went before, and the hook would ask about commits that are in no branch here.
  const args = ["push", "--quiet", "--no-verify", "--atomic", "--no-follow-tags", remote, ...specs];
  const { code, stderr } = await gitIn(repository, args, { okCodes: [0, 1] });
  if (code !== 0) return stderr.trim();
  await gitIn(repository, ["update-ref", `${registryTags}/${remote}/${graft.tag}`, made.tag]);
  return undefined;
}

/** The branch that is checked out; undefined for a detached HEAD. */
export async function currentBranch(repository: Repository): Promise<string | undefined> {
  const { code, stdout } = await gitIn(repository, ["symbolic-ref", "-q", "--short", "HEAD"], { okCodes: [0, 1] });
  return code === 0 ? stdout.toString("utf8").trim() : undefined;
}

/** Who made a tag and when, for a message. */
export async function describeTag(repository: Repository, ref: string): Promise<string> {
  const format =
    "--format=%(if)%(taggername)%(then)%(taggername), %(taggerdate:short)%(else)%(committername), %(committerdate:short)%(end)";
  const { stdout } = await gitIn(repository, ["for-each-ref", format, ref]);
  const text = stdout.toString("utf8").trim();
  if (text === "") throw new MlgitError("internal", `${ref} is not here`);
  return text;
}
