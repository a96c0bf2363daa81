import type { RunEntry, RunRecord } from "../lineage/run-record.ts";

/** The runs that are known here: this repository's, and what was fetched of others. */
export interface RunHistory {
  /** Complete runs with this memo key, the newest first. */
  withKey(key: string): Promise<readonly RunRecord[]>;
  /** The newest complete run of a stage of this name. */
  lastOf(stage: string): Promise<RunRecord | undefined>;
  /** A shared blob; `oid` with its `sha256:`. */
  blob(oid: string): Promise<Uint8Array | undefined>;
  /** Durable when it resolves. */
  append(entry: RunEntry): Promise<void>;
}
