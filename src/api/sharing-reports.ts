/** Where the data of another repository may come from. */
export interface OriginStores {
  /** One of this repository's stores that has the origin's data. */
  readonly store?: string;
  /** Places that the origin's files name and that may be used, as a refusal printed them. */
  readonly trustStore?: readonly string[];
}

export interface BroughtData {
  readonly contents: number;
  /** Contents that were not here. */
  readonly fetched: number;
  /** Bytes that came over the wire. */
  readonly received: number;
}

export interface ImportedEntity extends BroughtData {
  readonly kind: string;
  readonly name: string;
  readonly folder: string;
  readonly version: number;
  readonly tag: string;
  /** Of the origin. */
  readonly commit: string;
  readonly url: string;
}

export interface ImportUpdate {
  readonly name: string;
  readonly folder: string;
  /** Tags of the origin; the same when there is nothing newer. */
  readonly from: string;
  readonly to: string;
  readonly changed: boolean;
  readonly data?: BroughtData;
}

export interface RegisteredEntity {
  readonly kind: string;
  readonly name: string;
  readonly version: number;
  readonly folder: string;
  readonly layout: "data" | "versions";
  /** Relative to the top. */
  readonly files: readonly string[];
}

export interface PromotedEntity {
  readonly tag: string;
  readonly folder: string;
  readonly remote: string;
  /** The branch that it is to go to. */
  readonly base: string;
  /** False: that branch has this version already. */
  readonly promoted: boolean;
  /** The new branch, its commit, and the command that opens the pull request; undefined where nothing was to do. */
  readonly branch?: string;
  readonly commit?: string;
  readonly command?: readonly string[];
}

export interface FailedFile {
  readonly path: string;
  readonly message: string;
}

/** A place of plain files: credentials are named, never given. */
export interface BucketOptions {
  /** Name of the credentials' profile. */
  readonly credentials?: string;
  readonly region?: string;
  /** The server, for S3 that is not AWS. */
  readonly endpointUrl?: string;
  /** Replace files that are there and differ. */
  readonly force?: boolean;
}

export interface BucketImport {
  readonly bucket: string;
  readonly folder: string;
  readonly imported: readonly string[];
  /** There already, with the same bytes. */
  readonly present: readonly string[];
  readonly failed: readonly FailedFile[];
  /** Bytes. */
  readonly received: number;
}

export interface BucketExport {
  readonly tag: string;
  readonly bucket: string;
  readonly exported: readonly string[];
  readonly present: readonly string[];
  readonly failed: readonly FailedFile[];
  /** Bytes. */
  readonly sent: number;
}

export interface Renumbered {
  readonly renumbered: boolean;
  /** The number that it has now. */
  readonly version: number;
}

export interface MigrateOptions {
  readonly dryRun?: boolean;
  /** Leave what is to be had nowhere as it is, and do the rest. */
  readonly allowMissing?: boolean;
  /** git-lfs: rewrite all branches and tags. */
  readonly everything?: boolean;
  readonly message?: string;
}

export interface MigrationProblem {
  readonly path: string;
  readonly reason: string;
}

export interface MigrationReport {
  readonly files: number;
  readonly contents: {
    readonly total: number;
    readonly bytes: number;
    readonly copied: number;
    readonly fetched: number;
  };
  /** False: nothing was committed, since data is missing. */
  readonly complete: boolean;
  readonly missing: readonly MigrationProblem[];
  readonly problems: readonly MigrationProblem[];
  readonly notes: readonly string[];
  /** What HEAD names now; null when nothing was committed. */
  readonly commit: string | null;
  readonly commits: number;
}
