import type { Cache } from "../store/local/cache.ts";
import { type Link, link } from "./fill.ts";
import { statIfHolding } from "./holds-content.ts";
import type { PlaceBatch } from "./place-batch.ts";
import { placeError } from "./place-error.ts";
import { type PlaceResult, refused, replace } from "./replace-file.ts";

export interface RelinkOptions {
  readonly batch: PlaceBatch;
  readonly cache: Cache;
  /** Raw bytes, relative to the top of the worktree. */
  readonly path: Buffer;
  readonly oid: string;
  readonly size: number;
}

class NoLinks extends Error {}

/**
 * Puts a read-only link to the cache in the place of a worktree file with the same bytes, so that they take room once. A file with other bytes,
 * or with links of its own, stays as it is. Undefined when the cache has no file for the content, or the file system no links.
 * @throws MlgitError kind `corrupt` for a damaged cached copy, `disk` and `denied` when the system fails.
 */
export function relinkFile({ batch, cache, path, oid, size }: RelinkOptions): PlaceResult | undefined {
  const content = cache.get(oid);
  if (content?.kind !== "file") return undefined;
  let made: Link | undefined;
  const source = (temp: Buffer) => {
    made = link(temp, content.path);
    if (!made) throw new NoLinks();
  };
  try {
    const target = batch.guard.resolve(path, false);
    if (typeof target === "string") return refused(target);
    // They are read: git's index may call a file unchanged that is not, for instance one marked `assume-unchanged`.
    const before = statIfHolding(target.file, { oid, size });
    if (before?.nlink !== 1n) return refused("modified");
    const result = replace(target, before, { batch, path, source, mode: 0o644, readOnly: true });
    if (result.placed && made?.before) batch.links.note(made.before, result.stat);
    return result;
  } catch (error) {
    if (error instanceof NoLinks) return undefined;
    throw placeError(error, path);
  } finally {
    if (made?.before) cache.noteShared(oid);
  }
}
