import type { StageReport } from "../pipeline/repro.ts";

export type { StageReport };

export interface StageOptions {
  /** Default: after the program or script. */
  readonly name?: string;
  readonly deps?: readonly string[];
  /** Files or folders that it makes: tracked and kept. */
  readonly outs?: readonly string[];
  /** Those that are kept nowhere. */
  readonly outsNotKept?: readonly string[];
  /** `<file>:<name>,<name>…`; without file: `params.yaml`. */
  readonly params?: readonly string[];
  readonly metrics?: readonly string[];
  /** Files that describe the environment, such as a lock file. */
  readonly env?: readonly string[];
  /** `train`, `evaluate`, … */
  readonly kind?: string;
  readonly always?: boolean;
}

export interface ReproOptions {
  /** Stages at a time; 0 is one per core. */
  readonly jobs?: number;
  readonly keepGoing?: boolean;
  readonly dryRun?: boolean;
  readonly explain?: boolean;
  readonly pull?: boolean;
  readonly force?: boolean;
  readonly singleStage?: boolean;
  readonly downstream?: boolean;
}

/** A parameter or metric of one version. */
export interface NamedValue {
  readonly file: string;
  /** Dotted: `train.lr`. */
  readonly name: string;
  readonly value: unknown;
}

export interface ValueChange {
  readonly file: string;
  readonly name: string;
  readonly old: unknown;
  readonly new: unknown;
  /** The difference of numbers. */
  readonly change?: number | undefined;
}

export interface ExperimentReport {
  readonly name: string;
  readonly params: Readonly<Record<string, string>>;
  readonly state: string;
  readonly commit?: string | undefined;
  readonly problem?: string | undefined;
}

export interface Experiment {
  readonly name: string;
  readonly commit: string;
  readonly params: readonly NamedValue[];
  readonly metrics: readonly NamedValue[];
}
