import { fetchWithoutRefs, isPushedRef, type RemoteRef, remoteRefs } from "../git/remote-refs.ts";
import { knownRevisions } from "../git/revision.ts";
import { counted } from "../util/counted.ts";
import type { Session } from "./session.ts";

interface RemoteTips {
  /** What all its refs lead to. */
  readonly known: readonly string[];
  /** What its branches and tags lead to. */
  readonly pushed: readonly string[];
  /** Why these may not be all. */
  readonly problems: readonly string[];
}

/** The refs that a remote (a name or a URL) has now, as far as their objects are here. What no `git fetch` brings, such as a host's `refs/pull/`, is brought. */
export async function tipsOfRemote(session: Session, remote: string): Promise<RemoteTips> {
  const { repository } = session;
  const none = { known: [], pushed: [] };
  try {
    const refs = await remoteRefs(repository, remote);
    await bringOthers(session, remote, refs);
    const here = new Set(await knownRevisions(repository, idsOf(refs)));
    const absent = refs.filter(({ oid }) => !here.has(oid));
    const pushed = idsOf(refs.filter(({ ref }) => isPushedRef(ref))).filter((oid) => here.has(oid));
    return { known: [...here], pushed, problems: problemsOf(absent, remote, session) };
  } catch (error) {
    return { ...none, problems: [`the refs of ${remote} cannot be listed: ${(error as Error).message}`] };
  }
}

/** They are no branches of anybody here, so that they get no names. */
async function bringOthers({ repository }: Session, remote: string, refs: readonly RemoteRef[]): Promise<void> {
  const pushed = new Set(idsOf(refs.filter(({ ref }) => isPushedRef(ref))));
  const others = refs.filter(({ oid }) => !pushed.has(oid));
  const here = new Set(await knownRevisions(repository, idsOf(others)));
  const absent = others.filter(({ oid }) => !here.has(oid)).map(({ ref }) => ref);
  if (absent.length > 0) await fetchWithoutRefs(repository, remote, absent);
}

function idsOf(refs: readonly RemoteRef[]): string[] {
  return [...new Set(refs.map(({ oid }) => oid))];
}

function problemsOf(absent: readonly RemoteRef[], remote: string, session: Session): string[] {
  const count = idsOf(absent).length;
  if (count === 0) return [];
  return [
    `${counted(count, `ref of ${remote} is`, `refs of ${remote} are`)} not here: ${fetching(absent, remote, session)}`,
  ];
}

/** What brings them also into a clone of one branch, and tags that no branch leads to. */
function fetching(absent: readonly RemoteRef[], remote: string, { git }: Session): string {
  // Of a URL git fetches one branch alone.
  if (!git.names("remote", "url").includes(remote)) return `git remote add <name> ${remote}, and git fetch <name>`;
  const usual = `+refs/heads/*:refs/remotes/${remote}/*`;
  const hasAll = git.all(`remote.${remote}.fetch`).includes(usual);
  const [branches, tags] = ["refs/heads/", "refs/tags/"].map((start) =>
    absent.some(({ ref }) => ref.startsWith(start)),
  );
  return `git fetch ${tags ? "--tags " : ""}${remote}${branches && !hasAll ? ` '${usual}'` : ""}`;
}
