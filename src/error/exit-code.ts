/**
 * The public table of exit codes (docs/exit-codes.md says the same, and a test compares the two).
 * A code names what the caller can do about it, not where it happened.
 */
export const exitCode = {
  /** Everything that was asked for was done. */
  ok: 0,
  /** The command ran, but something it lists was not done. */
  incomplete: 1,
  /** Unknown option, missing argument, impossible combination. */
  usage: 2,
  /** Not a repository, not set up, a setting that makes no sense, no store known. */
  setup: 3,
  /** Content is neither in the cache nor in the store. */
  missing: 4,
  /** Bytes do not match their hash, or a file of ours is damaged. */
  corrupt: 5,
  /** The store cannot be reached: no network, no such bucket, no such folder. */
  unreachable: 6,
  /** The store or the file system says no: credentials, permissions. */
  denied: 7,
  /** A disk, the local one or that of the store: full, a quota used up, read-only, an I/O error. */
  disk: 8,
  /** Written by a newer mlgit, or a server that cannot do what is needed. */
  unsupported: 9,
  /** Somebody else was first; fetch and try again. */
  conflict: 10,
  /** Refused by a rule that protects data: mutability, trust, a path outside the worktree. */
  refused: 11,
  /** A fault in mlgit itself. */
  internal: 70,
  /** Stopped by Ctrl-C; what was finished stays. */
  interrupted: 130,
} as const;

export type ErrorKind = Exclude<keyof typeof exitCode, "ok">;
