import { MlgitError } from "../../error/mlgit-error.ts";
import { assertAnswered } from "./assert-answered.ts";
import { keysOf } from "./away-segments.ts";
import type { FoundFile, PackInfo } from "./index-copy.ts";
import type { PlacedTerm, RemoteStore } from "./remote-store.ts";

interface Search {
  readonly needed: readonly string[];
  /** Whether the store has this pack, of this size. */
  readonly isThere: (pack: PackInfo) => boolean;
  readonly signal: AbortSignal | undefined;
}

/** A row of a content, and all packs that it leads to, its manifest's own among them. */
interface Way {
  readonly oid: string;
  readonly packs: readonly PackInfo[] | Error | undefined;
}

/**
 * Every pack that a needed content, or its manifest, lies in. Where a content has several rows, one may lead to a pack that is gone, and readers take another: so
 * all count whose packs are there. Those of packs that are about to be collected count only where there is no other.
 * @throws MlgitError kind `corrupt` when it cannot be known what a content leads to, or the backend's.
 */
export async function livePacks(store: RemoteStore, { needed, isThere, signal }: Search): Promise<Set<string>> {
  const first = needed.flatMap((oid): FoundFile | never[] => store.index.findFile(oid) ?? []);
  const others = new Map<string, Way[]>();
  for (const rows of otherRows(store, first)) {
    const located = await store.locate(rows, signal);
    assertAnswered(located);
    for (const row of rows) others.set(row.oid, [...(others.get(row.oid) ?? []), wayOf(row, located)]);
  }
  const live = new Set<string>();
  const located = await store.locate(first, signal);
  assertAnswered(located);
  for (const row of first) {
    const ways = [wayOf(row, located), ...(others.get(row.oid) ?? [])];
    for (const { id } of liveOf(ways, { isThere, dead: store.index.dead })) live.add(id);
  }
  return live;
}

/** Lists of rows, each with a content once at most: those that lead to another pack than the first row of their content. */
function otherRows({ index }: RemoteStore, first: readonly FoundFile[]): FoundFile[][] {
  const sorted = [...first].sort((a, b) => (a.oid < b.oid ? -1 : 1));
  const keys = keysOf(sorted.map(({ oid }) => oid));
  return [...index.segments.values()].map((segment) => {
    const list: FoundFile[] = [];
    segment.findFiles(keys, (key, row) => {
      const pack = segment.packs[row.pack];
      if (pack && sorted[key]?.pack.id !== pack.id) list.push({ ...row, pack });
    });
    return list;
  });
}

function wayOf({ oid, pack }: FoundFile, located: ReadonlyMap<string, PlacedTerm[] | Error>): Way {
  const terms = located.get(oid);
  return { oid, packs: Array.isArray(terms) ? [pack, ...terms.map((term) => term.pack)] : terms };
}

/** The packs that stay for the sake of one content. */
function liveOf(
  ways: readonly Way[],
  { isThere, dead }: { readonly isThere: Search["isThere"]; readonly dead: ReadonlySet<string> },
): readonly PackInfo[] {
  const known = ways.flatMap(({ packs }) => (Array.isArray(packs) ? [packs as readonly PackInfo[]] : []));
  const whole = known.filter((packs) => packs.every(isThere));
  const lasting = whole.filter((packs) => !packs.some(({ id }) => dead.has(id)));
  const [best = known] = [lasting, whole].filter((some) => some.length > 0);
  if (best.length > 0) return best.flat();
  const [way] = ways;
  throw new MlgitError("corrupt", `it cannot be known which packs sha256:${way?.oid} lies in, so nothing was deleted`, {
    oid: way?.oid ?? "",
    hint: "git mlgit fsck --store --fix",
    cause: way?.packs,
  });
}
