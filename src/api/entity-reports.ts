import type { Mutability } from "../entity/mutability.ts";
import type { AddReport, ChangedPath, HydrateReport } from "./reports.ts";

export type { Mutability };

/** Where an entity is: paths relative to the top of the repository. */
export interface EntityPlace {
  readonly name: string;
  readonly folder: string;
  readonly spec: string;
}

export interface CreateOptions {
  /** Version tags begin with them: letters, digits and `-`, at least one. */
  readonly categories: readonly string[];
  readonly mutability: Mutability;
  /** A folder between the kind's and the name. */
  readonly entityDir?: string;
  /** Number of the first version. Default: 1. */
  readonly version?: number;
  /** A folder or file that is copied into `data/`. */
  readonly import?: string;
  /** The bucket and its scheme that the spec names as storage, for tools that read it. */
  readonly bucketName?: string;
  readonly storageType?: string;
}

export interface CreatedEntity extends EntityPlace {
  readonly version: number;
}

export interface EntityStatus {
  readonly staged: readonly ChangedPath[];
  readonly unstaged: readonly ChangedPath[];
  readonly untracked: readonly string[];
  /** Changed, although a version has them and their entity's rule forbids it. */
  readonly corrupted: readonly string[];
  /** Commits that no remote is known to have. */
  readonly unpublished: number;
  /** Files of a sample or of a bare checkout that are not in the worktree. */
  readonly leftOut: number;
}

export interface EntityAdded extends AddReport {
  readonly name: string;
  /** What the spec says now. */
  readonly version: number;
}

/** `committed` is false when there was nothing to commit. */
export interface EntityCommitted {
  readonly committed: boolean;
  readonly name?: string;
  readonly version?: number;
}

export interface EntityVersion {
  readonly tag: string;
  readonly version: number;
  /** The commit. */
  readonly sha: string;
}

export interface LoggedVersion {
  readonly tag: string;
  readonly sha: string;
  /** `Name <mail>`. */
  readonly author: string;
  /** ISO 8601. */
  readonly date: string;
  readonly message: string;
  readonly metrics: Readonly<Record<string, unknown>>;
  /** With `files`: what differs from the version before. */
  readonly files?: FileChanges;
}

/** Paths relative to the top, as git quotes them. */
export interface FileChanges {
  readonly added: readonly string[];
  readonly updated: readonly string[];
  readonly deleted: readonly string[];
}

/** Metrics of one version, beside its tag; `best` names those in which it is the best of all. */
export interface VersionMetrics {
  readonly tag: string;
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly best: readonly string[];
  readonly delta?: Readonly<Record<string, number>>;
}

export interface CheckoutReport extends HydrateReport {
  /** The entity's version, and those that came with it. */
  readonly versions: readonly { readonly tag: string; readonly sha: string; readonly folder: string }[];
}

export interface RelatedVersion {
  readonly tag: string;
  readonly kind: string;
  readonly name: string;
  readonly version?: number;
  /** Absent for a version that is linked to and whose tag is not here. */
  readonly commit?: string;
}

/** Versions, and for each link the version that has it and the one it was made from, by their tags. */
export interface Relationships {
  readonly versions: readonly RelatedVersion[];
  readonly links: readonly { readonly from: string; readonly to: string }[];
}
