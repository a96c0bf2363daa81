import { gitIn, type Repository } from "./repository.ts";

export interface RemoteRef {
  readonly ref: string;
  readonly oid: string;
}

/** All refs that a remote has now, `HEAD` among them. Contacts it. @throws MlgitError kind `incomplete` when it cannot be asked. */
export async function remoteRefs(repository: Repository, remote: string): Promise<RemoteRef[]> {
  const { stdout } = await gitIn(repository, ["ls-remote", "--quiet", "--", remote]);
  const lines = stdout.toString("utf8").matchAll(/^([0-9a-f]{40}(?:[0-9a-f]{24})?)\t(.+)(?<!\^\{\})$/gm);
  return [...lines].map(([, oid = "", ref = ""]) => ({ oid, ref }));
}

/** Whether people push such refs themselves. Others a host makes, such as `refs/pull/7/head` of what somebody pushed elsewhere. */
export function isPushedRef(ref: string): boolean {
  return /^refs\/(?:heads|tags)\//.test(ref);
}

/** Brings what refs of a remote lead to, without a ref here: git's own gc takes it away some weeks later. @throws MlgitError kind `incomplete` when git fails. */
export async function fetchWithoutRefs(repository: Repository, remote: string, refs: readonly string[]): Promise<void> {
  const quiet = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance"];
  const input = refs.map((ref) => `${ref}\n`).join("");
  await gitIn(repository, ["fetch", ...quiet, "--refmap=", "--stdin", "--", remote], { input });
}

/** Whether history is cut off here. */
export async function isShallow(repository: Repository): Promise<boolean> {
  const { stdout } = await gitIn(repository, ["rev-parse", "--is-shallow-repository"]);
  return stdout.toString().trim() === "true";
}

export interface RemoteTag {
  /** Without `refs/tags/`. */
  readonly tag: string;
  /** What the tag leads to in the end. */
  readonly commit: string;
}

/** All tags that a remote (a name or a URL) has now. Contacts it. @throws MlgitError kind `incomplete` when it cannot be asked. */
export async function remoteTags(repository: Repository, remote: string): Promise<RemoteTag[]> {
  const { stdout } = await gitIn(repository, ["ls-remote", "--quiet", "--tags", "--", remote]);
  const tags = new Map<string, string>();
  // A tag object's own line comes first, then, with ^{}, what it is a tag of.
  for (const [, oid = "", tag = ""] of stdout
    .toString("utf8")
    .matchAll(/^([0-9a-f]{40,64})\trefs\/tags\/(.*?)(?:\^\{\})?$/gm))
    tags.set(tag, oid);
  return [...tags].map(([tag, commit]) => ({ tag, commit }));
}
