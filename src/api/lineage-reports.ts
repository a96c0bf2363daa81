import type { Difference } from "../lineage/compare-runs.ts";
import type { MarkRecord, MarkWord } from "../lineage/record.ts";
import type { RunFile, RunRecord, RunState } from "../lineage/run-record.ts";
import type { ExternalRunInput } from "../pipeline/external-run.ts";

export type { Difference, ExternalRunInput, MarkWord, RunFile, RunState };

/** A run with its name: the hex SHA-256 of its record. */
export type Run = RunRecord & { readonly id: string };

/** A run with what it was made with: libraries, machine. */
export type ExplainedRun = Run & { readonly environment: unknown };

export type Mark = MarkRecord & { readonly id: string };

export interface Artifact {
  /** `sha256:<hex>`. */
  readonly oid: string;
  readonly path?: string | undefined;
}

/** What something was made from, or what was made from it. */
export interface Trace {
  readonly roots: readonly Artifact[];
  readonly runs: readonly ExplainedRun[];
  /** By oid, the names of the runs that made it (upwards) or used it (downwards). */
  readonly links: Readonly<Record<string, readonly string[]>>;
  readonly marks: readonly Mark[];
}

export interface LineageReport {
  readonly subject: string;
  /** Where the question was about a run. */
  readonly run?: ExplainedRun;
  readonly up?: Trace;
  readonly down?: Trace;
}

export interface Comparison {
  readonly before: Run;
  readonly after: Run;
  readonly differences: readonly Difference[];
}

export interface MayDelete {
  readonly mayDelete: boolean;
  readonly reasons: readonly { readonly text: string; readonly path: string | null; readonly where: string }[];
}
