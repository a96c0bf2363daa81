import type { Repository } from "../../git/repository.ts";
import { FolderContents } from "../../lineage/folder-contents.ts";
import { LineageIndex } from "../../lineage/lineage-index.ts";
import { activeMarks, byArtifact, type StoredMark } from "../../lineage/marks.ts";
import { mergeFetched } from "../../lineage/merge-runs.ts";
import type { ListedFile } from "../../lineage/run-record.ts";
import { type Artifact, type Direction, type Trace, trace } from "../../lineage/trace.ts";
import type { Context } from "../command.ts";

/** What questions about lineage are answered from. */
export interface Lineage {
  readonly repository: Repository;
  readonly index: LineageIndex;
  /** Marks in effect, by what they are about. */
  readonly marks: ReadonlyMap<string, readonly StoredMark[]>;
  /** The files that a folder holds, but empty ones; none for a file. */
  filesIn(artifact: Artifact): Promise<readonly Pick<ListedFile, "oid" | "size">[]>;
  trace(roots: readonly Artifact[], direction: Direction, depth?: number): Promise<Trace>;
}

/** Takes what was fetched of others and opens the index. */
export async function openLineage(context: Context): Promise<Lineage> {
  const repository = await context.repository();
  const { isNew, before } = await mergeFetched(repository);
  const index = await LineageIndex.open(repository, isNew ? undefined : before);
  const folders = new FolderContents(repository, index);
  const marks = byArtifact(await activeMarks(index));
  return {
    repository,
    index,
    marks,
    filesIn: (artifact) => folders.inside(artifact),
    trace: (roots, direction, depth) =>
      trace(index, folders, { roots, direction, ...(depth === undefined ? {} : { depth }) }),
  };
}
