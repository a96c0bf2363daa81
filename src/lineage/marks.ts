import type { LineageIndex } from "./lineage-index.ts";
import type { MarkRecord, StoredRecord } from "./record.ts";

export type StoredMark = StoredRecord<MarkRecord>;

/** The marks that nobody has taken back, the oldest first. */
export async function activeMarks(index: LineageIndex): Promise<StoredMark[]> {
  const marks = (await index.read(index.marks)).filter((one): one is StoredMark => one.record.type === "mark");
  const withdrawn = new Set(marks.filter(({ record }) => record.mark === "withdraw").map(({ record }) => record.of));
  return marks
    .filter(({ id, record }) => record.mark !== "withdraw" && !withdrawn.has(id))
    .sort((a, b) => a.record.t - b.record.t || (a.id < b.id ? -1 : 1));
}

/** Marks by the oid they are about. */
export function byArtifact(marks: readonly StoredMark[]): ReadonlyMap<string, readonly StoredMark[]> {
  const found = new Map<string, StoredMark[]>();
  for (const mark of marks) found.set(mark.record.of, [...(found.get(mark.record.of) ?? []), mark]);
  return found;
}
