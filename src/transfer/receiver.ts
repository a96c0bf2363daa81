/** Whoever wants contents placed while they come to the cache. None of it may throw. */
export interface Receiver {
  /** Told of small content that was verified and is in the cache; the bytes live until it returns. */
  arrived(oid: string, content: Uint8Array): void;
  /** Where a second copy of large content is to be written beside its hashing: a file that does not exist. Undefined: nowhere. */
  copyTo?(oid: string): Buffer | undefined;
  /** The cache is this repository's alone, so that a file that grew in it may become one of the worktree. Default: it may be somebody else's. */
  readonly ownsCache?: boolean;
  /** Such a copy holds the content, verified, and is the receiver's now. */
  copied?(oid: string, path: Buffer): void;
}
