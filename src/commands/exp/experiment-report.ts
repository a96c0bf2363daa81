/** What became of an experiment. */
export interface ExperimentReport {
  readonly name: string;
  readonly params: Readonly<Record<string, string>>;
  /** `known`: the same was run before. */
  readonly state: "done" | "known" | "failed" | "stopped";
  readonly commit?: string;
  readonly problem?: string;
}
