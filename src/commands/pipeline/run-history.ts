import type { Repository } from "../../git/repository.ts";
import { mergeFetched } from "../../lineage/merge-runs.ts";
import type { RunEntry, RunRecord } from "../../lineage/run-record.ts";
import { appendRecords, readRunBlob, readRuns } from "../../lineage/run-store.ts";
import type { RunHistory } from "../../pipeline/history.ts";

/** The runs of this repository, read when first asked for. */
export function openHistory(repository: Repository): RunHistory {
  return new StoredHistory(repository);
}

interface Waiting {
  readonly entry: RunEntry;
  resolve(): void;
  reject(error: unknown): void;
}

class StoredHistory implements RunHistory {
  readonly #repository: Repository;
  readonly #waiting: Waiting[] = [];
  #known: Promise<RunRecord[]> | undefined;
  #writing: Promise<void> | undefined;

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  async withKey(key: string): Promise<readonly RunRecord[]> {
    return (await this.#complete()).filter((record) => record.key === key);
  }

  async lastOf(stage: string): Promise<RunRecord | undefined> {
    return (await this.#complete()).find((record) => record.stage === stage);
  }

  blob(oid: string): Promise<Uint8Array | undefined> {
    return readRunBlob(this.#repository, oid);
  }

  /** Runs that end while another one is written are written together. */
  append(entry: RunEntry): Promise<void> {
    const written = new Promise<void>((resolve, reject) => this.#waiting.push({ entry, resolve, reject }));
    this.#writing ??= this.#write();
    return written;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const now = this.#waiting.splice(0);
      try {
        await appendRecords(
          this.#repository,
          now.map(({ entry }) => entry),
        );
        if (this.#known) await this.#remember(now.map(({ entry }) => entry.record));
        for (const one of now) one.resolve();
      } catch (error) {
        for (const one of now) one.reject(error);
      }
    }
    this.#writing = undefined;
  }

  async #remember(records: readonly RunRecord[]): Promise<void> {
    const known = await this.#complete();
    known.unshift(...records.filter(({ state }) => state === "complete"));
  }

  /** The newest first. */
  #complete(): Promise<RunRecord[]> {
    this.#known ??= this.#read();
    return this.#known;
  }

  async #read(): Promise<RunRecord[]> {
    const found: RunRecord[] = [];
    await mergeFetched(this.#repository);
    for await (const { record } of readRuns(this.#repository)) if (record.state === "complete") found.push(record);
    return found.sort((a, b) => b.t[1] - a.t[1]);
  }
}
