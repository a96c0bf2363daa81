import type { FsckReport } from "../commands/fsck-report.ts";
import type { PruneReport as PrunedCache } from "../store/local/prune-cache.ts";
import type { CollectReport } from "../store/remote/collect-store.ts";
import type { PushReport as Upload } from "../transfer/push-content.ts";

export type { FsckReport };

/** A path as git quotes it: what is no UTF-8 stands there as `\ooo`. */
export type Path = string;

/** What is changed, what is only a pointer here, what no remote has. */
export interface StatusReport {
  /** Where a push would send data; null where none is known. */
  readonly store: { readonly name: string; readonly url: string } | null;
  /** Tracked files, and their bytes when all are checked out. */
  readonly files: number;
  readonly bytes: number;
  readonly staged: readonly ChangedPath[];
  readonly unstaged: readonly ChangedPath[];
  readonly dehydrated: readonly (Content & { readonly path: Path; readonly cached: boolean })[];
  readonly unpushed: { readonly files: number; readonly bytes: number };
}

export interface ChangedPath {
  readonly path: Path;
  /** `new`, `modified`, `deleted`, `type changed`, `unmerged`. */
  readonly change: string;
}

export interface Content {
  /** 64 hex digits: the SHA-256 of the bytes. */
  readonly oid: string;
  readonly size: number;
}

export interface TrackedFile extends Content {
  readonly path: Path;
  /** `100644` or `100755`. */
  readonly mode: string;
  /** Whether the cache has the bytes. */
  readonly cached: boolean;
  /** Whether the worktree has them; absent for another commit than what is checked out. */
  readonly hydrated?: boolean;
}

export interface AddReport {
  /** Files that mlgit took in, and those that went to git as they are. */
  readonly tracked: number;
  readonly others: number;
}

export interface TrackReport {
  readonly added: readonly string[];
  /** Patterns that were there before. */
  readonly present: readonly string[];
  /** Files that git and mlgit must read and that were left out. */
  readonly guards: readonly string[];
  /** Files in git that match and become pointers with the next `git add -u`. */
  readonly touched: number;
  readonly dryRun: boolean;
}

export interface UntrackReport {
  readonly removed: readonly string[];
  readonly missing: readonly string[];
  /** Files that are still pointers in git until the next `git add -u`. */
  readonly released: number;
  readonly dryRun: boolean;
}

export interface FetchReport {
  readonly fetched: number;
  /** Bytes that came from the store. */
  readonly received: number;
  readonly failed: readonly { readonly oid: string; readonly message: string }[];
}

export interface HydrateReport {
  readonly hydrated: number;
  /** Files that were not touched, since they hold something else than their pointer. */
  readonly left: readonly LeftFile[];
  readonly failed: readonly { readonly path: Path; readonly oid: string; readonly message: string }[];
}

export interface DehydrateReport {
  readonly dehydrated: number;
  readonly left: readonly LeftFile[];
}

export interface LeftFile {
  readonly path: Path;
  readonly reason: string;
}

export type PushReport = Upload;
export type PruneReport = PrunedCache & { readonly dryRun: boolean; readonly storeAsked: boolean };
/** `users`: the remotes that the store says use it. */
export type GcReport = CollectReport & { readonly dryRun: boolean; readonly users: readonly string[] };

/** Bytes by what takes them. */
export interface RoomReport {
  /** Of the cache, by kind. */
  readonly cache: Readonly<Record<string, number>>;
  readonly paths: readonly {
    readonly path: Path;
    readonly files: number;
    readonly bytes: number;
    readonly cached: number;
  }[];
  /** Every version of every file, each content once. */
  readonly history: { readonly contents: number; readonly bytes: number };
  readonly store?: { readonly packs: number; readonly bytes: number };
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly breaches: readonly {
    readonly rule: string;
    readonly path: Path;
    readonly line?: number;
    readonly message: string;
    readonly hint: string;
    readonly commit?: string;
  }[];
  /** Published files of flexible entities that were changed; whether they were unlocked is known only where that was done. */
  readonly flexible: readonly { readonly commit: string; readonly path: Path }[];
}

export interface LockReport {
  readonly locked: readonly Path[];
  /** Files that hold something else than what git has and stay unlocked. */
  readonly changed: readonly Path[];
}

export interface DoctorReport {
  readonly healthy: boolean;
  readonly findings: readonly {
    readonly check: string;
    readonly state: "ok" | "note" | "bad";
    readonly message: string;
    readonly fix?: string;
  }[];
}
