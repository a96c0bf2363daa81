import { isRefName } from "./ref-name.ts";

/** `push [+]<source>:<target>` of git's helper protocol. */
export interface PushRequest {
  /** Empty for a deletion. */
  readonly source: string;
  readonly target: string;
  readonly force: boolean;
}

/** What is known about one request, here and at the remote. */
export interface PushFacts {
  /** Undefined for a deletion, or when the source could not be resolved. */
  readonly next: string | undefined;
  readonly nextType: string | undefined;
  /** Undefined where the remote has no such ref. */
  readonly old: string | undefined;
  /** `--force-with-lease`: the value that it must have, empty for none; undefined without a lease. */
  readonly lease: string | undefined;
  /** The value when git was told the refs; git itself compared the lease with that one. */
  readonly listed: string | undefined;
  readonly head: string;
  /** Patterns of refs that are neither deleted nor rewritten. */
  readonly protected: readonly string[];
  /** Questions to the local repository, asked only when needed. */
  readonly history: {
    has(oid: string): Promise<boolean>;
    isCommit(oid: string): Promise<boolean>;
    isAncestor(old: string, next: string): Promise<boolean>;
  };
}

/**
 * Reads `[+]<source>:<target>`. A source is any expression git knows, with spaces and colons; a target has no colon.
 * @returns undefined for anything else.
 */
export function parsePushRequest(text: string): PushRequest | undefined {
  const force = text.startsWith("+");
  const colon = text.lastIndexOf(":");
  if (colon < 0 || colon === text.length - 1) return undefined;
  return { source: text.slice(force ? 1 : 0, colon), target: text.slice(colon + 1), force };
}

/** A request that was decided about: `reject` has git's own words where git has some, since it prints hints by them. */
export async function rejectionOf(request: PushRequest, facts: PushFacts): Promise<string | undefined> {
  if (!isRefName(request.target)) return "funny refname";
  const stale = staleLease(facts);
  if (!request.force && stale === true) return "stale info";
  if (request.source === "") return deletion(request, facts);
  if (facts.next === undefined) return "the source does not name an object";
  if (request.target.startsWith("refs/heads/") && facts.nextType !== "commit") return "a branch must point to a commit";
  if (facts.old === undefined || facts.old === facts.next) return undefined;
  const isProtected = matchesAny(facts.protected, request.target);
  const mayRewrite = request.force || facts.lease !== undefined;
  if (mayRewrite && !isProtected) return undefined;
  const why = await rewriting(request, { ...facts, old: facts.old, next: facts.next });
  return mayRewrite && why !== undefined ? protectedRef : why;
}

const protectedRef = "protected by git mlgit remote protect";

/** Does one of the patterns, in which `*` stands for anything, cover the name? */
export function matchesAny(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => {
    const text = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${text.join(".*")}$`, "s").test(name);
  });
}

/** Undefined where no lease is to be kept: a lease that git saw broken and still sent was overruled by the user (`--force`). */
function staleLease({ lease, listed, old }: PushFacts): boolean | undefined {
  if (lease === undefined || lease !== (listed ?? "")) return undefined;
  return lease !== (old ?? "");
}

function deletion({ target }: PushRequest, { head, old, protected: rules }: PushFacts): string | undefined {
  if (old !== undefined && matchesAny(rules, target)) return protectedRef;
  return target === head && old !== undefined ? "deletion of the current branch prohibited" : undefined;
}

/** As set_ref_status_for_push in git's remote.c, since a helper gets such refs without a sign that git found them wrong. */
async function rewriting(
  { target }: PushRequest,
  { history, old, next }: PushFacts & { readonly old: string; readonly next: string },
): Promise<string | undefined> {
  if (target.startsWith("refs/tags/")) return "already exists";
  if (!(await history.has(old))) return "fetch first";
  if (!(await history.isCommit(old)) || !(await history.isCommit(next))) return "needs force";
  return (await history.isAncestor(old, next)) ? undefined : "non-fast forward";
}
