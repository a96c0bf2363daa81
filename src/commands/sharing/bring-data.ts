import { MlgitError } from "../../error/mlgit-error.ts";
import { counted } from "../../util/counted.ts";
import type { Context } from "../command.ts";
import { fetchFromStores } from "../fetch-anywhere.ts";
import type { Session } from "../session.ts";
import { treeFiles } from "../tracked-files.ts";
import { type ForeignPlace, foreignStores } from "./foreign-stores.ts";

export interface BroughtData {
  /** Contents of the tree. */
  readonly contents: number;
  /** Of them, those that were not here. */
  readonly fetched: number;
  /** Bytes that came over the wire. */
  readonly received: number;
}

/**
 * Brings the contents of a tree of another repository into the cache, as far as it lacks them. All or an error.
 * @throws MlgitError kind `missing` when something cannot be had, naming it; what `foreignStores` throws.
 */
export async function bringData(
  { session, context }: { readonly session: Session; readonly context: Context },
  tree: string,
  place: ForeignPlace,
): Promise<BroughtData> {
  const cache = await session.cache();
  const files = await treeFiles(session.repository, tree);
  const wanted = new Map(files.filter(({ size }) => size > 0).map((file) => [file.oid, file]));
  const absent = [...wanted.values()].filter(({ oid }) => !cache.has(oid));
  if (absent.length === 0) return { contents: wanted.size, fetched: 0, received: 0 };
  const stores = await foreignStores(session, place);
  const progress = context.progress("Fetching");
  try {
    const { fetched, received, failed } = await fetchFromStores(stores, absent, { session, context, meter: progress });
    const first = absent.find(({ oid }) => failed.has(oid));
    if (!first) return { contents: wanted.size, fetched, received };
    const reason = failed.get(first.oid);
    throw new MlgitError(
      "missing",
      `${counted(failed.size, "content")} cannot be had from ${place.url}, among them ${first.path}: ${reason?.message}`,
      {
        path: first.path.toString("utf8"),
        oid: first.oid,
        hint: "nothing was changed here; its owners can look with git mlgit fsck, or name a store of yours that has the data: --store <name>",
        cause: reason,
      },
    );
  } finally {
    progress.done();
  }
}
