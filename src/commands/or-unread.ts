import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import type { Cache } from "../store/local/cache.ts";

/** Of what no store has, that it may lie in a file of the cache that cannot be read: whoever has the only copy must not look for it elsewhere. */
export function orUnread(
  failed: ReadonlyMap<string, Error>,
  { unread }: Pick<Cache, "unread">,
): ReadonlyMap<string, Error> {
  if (!unread || failed.size === 0) return failed;
  const options = { ...(unread.path ? { path: unread.path } : {}), ...(unread.hint ? { hint: unread.hint } : {}) };
  const explain = (oid: string, error: Error) =>
    isMlgitError(error) && ["missing", "setup"].includes(error.kind)
      ? new MlgitError(
          unread.kind,
          `${error.message}; it may be in the cache, of which not all can be read: ${unread.message}`,
          { ...options, oid, cause: error },
        )
      : error;
  return new Map([...failed].map(([oid, error]) => [oid, explain(oid, error)]));
}
