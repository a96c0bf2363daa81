import { MlgitError } from "../../error/mlgit-error.ts";
import type { RunRecord } from "../../lineage/run-record.ts";
import type { Lineage } from "./open-lineage.ts";

/** A run and its id. */
export interface NamedRun {
  readonly id: string;
  readonly record: RunRecord;
}

/** The run that a word's digits begin. @throws MlgitError kind `usage` for none, or several. */
export async function findRun(word: string, lineage: Lineage): Promise<NamedRun> {
  const ids = /^[0-9a-f]{4,64}$/.test(word) ? lineage.index.recordsLike(word) : [];
  const runs = (await lineage.index.read(ids)).flatMap(({ id, record }) =>
    record.type === "run" ? [{ id, record }] : [],
  );
  const [one, other] = runs;
  if (one && !other) return one;
  const hint = "git mlgit lineage runs lists them";
  throw new MlgitError("usage", one ? `${word} begins several runs` : `there is no run ${word} here`, { hint });
}
