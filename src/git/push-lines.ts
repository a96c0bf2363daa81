import { gitIn, type Repository } from "./repository.ts";

/** One line that git gives the pre-push hook: `<local ref> SP <local oid> SP <remote ref> SP <remote oid> LF`. */
export interface PushLine {
  readonly localRef: string;
  /** Undefined for a deletion. */
  readonly localOid: string | undefined;
  readonly remoteRef: string;
  /** Undefined where the remote has no such ref yet. */
  readonly remoteOid: string | undefined;
}

/** Source of the line format: githooks(5), pre-push. The local ref may be an expression with spaces (`HEAD^{/two words}`), the other three words hold none. */
export function parsePushLines(text: string): PushLine[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const words = line.split(" ");
      const [local = "", remoteRef = "", remote = ""] = words.slice(-3);
      return {
        localRef: words.slice(0, -3).join(" "),
        localOid: oidOrNone(local),
        remoteRef,
        remoteOid: oidOrNone(remote),
      };
    });
}

function oidOrNone(oid: string): string | undefined {
  return /^0*$/.test(oid) ? undefined : oid;
}

/** Where a push goes. */
export interface PushPlace {
  /** The remote's name, or the URL where it has none. */
  readonly remote: string;
  /** As git gives it to the hook: a remote may be pushed to another repository than it is fetched from, and to several. */
  readonly url: string;
}

/**
 * What the remote has for certain: the old values of the refs that are pushed, and, when a ref is new, the branches and tags that the remote lists.
 * A tracking ref alone proves nothing: the branch may be long gone there, and its data collected. Neither does a ref that the host made itself (`refs/pull/7/head`): what it
 * leads to was pushed to somebody's fork, with the data.
 */
export async function remoteTips(
  repository: Repository,
  place: PushPlace,
  lines: readonly PushLine[],
): Promise<string[]> {
  const old = lines.flatMap((line) => line.remoteOid ?? []);
  if (!lines.some((line) => line.localOid && !line.remoteOid)) return old;
  const { code, stdout } = await gitIn(
    repository,
    ["ls-remote", "--heads", "--tags", "--", await listedAt(repository, place)],
    {
      okCodes: [0, 128],
    },
  );
  if (code !== 0) return old;
  const listed = stdout
    .toString("utf8")
    .split("\n")
    .map((line) => line.split("\t")[0] ?? "");
  return [...new Set([...old, ...listed.filter((oid) => oid !== "")])];
}

/** By its name where that leads to the same place: then the remote's other settings hold, too. */
async function listedAt(repository: Repository, { remote, url }: PushPlace): Promise<string> {
  if (url === "" || url === remote) return remote;
  const { stdout } = await gitIn(repository, ["ls-remote", "--get-url", "--", remote]);
  return stdout.toString("utf8").trimEnd() === url ? remote : url;
}
