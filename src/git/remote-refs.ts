import { gitIn, type Repository } from "./repository.ts";

/** The object ids of all refs that a remote has now. Contacts it. @throws MlgitError kind `incomplete` when it cannot be asked. */
export async function remoteRefs(repository: Repository, remote: string): Promise<string[]> {
  const { stdout } = await gitIn(repository, ["ls-remote", "--quiet", "--", remote]);
  const ids = stdout.toString("latin1").match(/^[0-9a-f]{40}(?:[0-9a-f]{24})?(?=\t)/gm) ?? [];
  return [...new Set(ids)];
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
