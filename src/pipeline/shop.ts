import type { RunRecord } from "../lineage/run-record.ts";
import type { Artifacts } from "./artifacts.ts";
import type { Aside } from "./aside.ts";
import type { RunHistory } from "./history.ts";
import type { LastState } from "./last-state.ts";
import type { Probe } from "./stage.ts";

/** What running stages needs of the world; joined in src/commands/pipeline. */
export interface Shop {
  readonly top: string;
  readonly artifacts: Artifacts;
  readonly aside: Aside;
  readonly history: RunHistory;
  readonly last: LastState;
  readonly signal: AbortSignal;
  /** The user's own, for every stage. */
  readonly probes: readonly Probe[];
  readonly probeTimeoutMs: number;
  /** Commit, changed worktree, actor, labels: the same for all runs of one command. */
  about(): Promise<Pick<RunRecord, "code" | "actor" | "labels">>;
  /** Puts the bytes of inputs in place of their pointers. @throws MlgitError kind `missing` for what cannot be had. */
  hydrateInputs(paths: readonly string[]): Promise<void>;
  /** Takes new outputs (relative to the top) into the cache, durable when it resolves. */
  takeOutputs(paths: readonly string[]): Promise<void>;
  /** The same for old ones, which lie elsewhere: absolute. */
  takeOld(files: readonly string[]): Promise<void>;
  hasContent(oid: string): Promise<boolean>;
  /** Writes these outputs of a run into the worktree, where nothing lies in their place. */
  placeOutputs(record: RunRecord, paths: readonly string[]): Promise<void>;
  /** What a command of the user prints. */
  print(stage: string, bytes: Buffer): void;
  /** The command has ended: what is left of its last line is shown. */
  printed(stage: string): void;
  info(message: string): void;
}
