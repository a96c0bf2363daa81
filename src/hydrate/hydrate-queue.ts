/** A path to get its bytes. */
export interface HydrateItem {
  /** Relative to the worktree's top, raw bytes. */
  readonly path: Buffer;
  readonly oid: string;
  readonly size: number;
}

/** Paths to get their bytes, in lists that are worked off one after the other: there may be a million. */
export interface HydrateQueue {
  readonly files: number;
  readonly bytes: number;
  lists(): Iterable<readonly HydrateItem[]>;
}

/** Paths that are looked at, fetched and placed together. */
export const listFiles = 8192;

export function queueOf(items: readonly HydrateItem[]): HydrateQueue {
  return {
    files: items.length,
    bytes: items.reduce((sum, item) => sum + item.size, 0),
    *lists() {
      for (let at = 0; at < items.length; at += listFiles) yield items.slice(at, at + listFiles);
    },
  };
}
