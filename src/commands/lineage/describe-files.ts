import { closeSync, openSync, statSync } from "node:fs";
import { join } from "node:path";
import type { DescribedField } from "../../lineage/export/record-set.ts";
import type { ExportSubject } from "../../lineage/export/scope.ts";
import type { ListedFile } from "../../lineage/run-record.ts";
import { Artifacts } from "../../pipeline/artifacts.ts";
import { StatCache } from "../../pipeline/stat-cache.ts";
import { counted } from "../../util/counted.ts";
import type { Context } from "../command.ts";
import { pipelineFolder } from "../pipeline/open-pipeline.ts";
import type { Session } from "../session.ts";
import { bytesSource, fileSource } from "../summary/byte-source.ts";
import { describerOf } from "../summary/table-fields.ts";

type Fields = readonly DescribedField[];
/** `place`: its path from the top of the repository. */
type Table = ListedFile & { readonly place: string };
type PlaceOf = (table: Table) => string | undefined;

/** More tables than this are not looked into: a description is for reading. */
const mostDescribed = 1000;

/**
 * The columns of the tables among a subject's files, by path. Contents are read from the cache, else from the worktree; what is at neither is not fetched but told of, as
 * are tables beyond the first thousand.
 */
export async function describeFiles(
  { path, files }: Pick<ExportSubject, "path" | "files">,
  session: Session,
  context: Context,
): Promise<ReadonlyMap<string, Fields>> {
  const found = new Map<string, Fields>();
  const tables = files
    .map((file) => ({ ...file, place: file.path === "" ? path : `${path}/${file.path}` }))
    .filter(({ place }) => describerOf(place));
  const looked = tables.slice(0, mostDescribed);
  const placeOf = worktreePlaces(session);
  for (const file of looked) {
    const fields = await describeOne(file, session, placeOf);
    if (fields) found.set(file.path, fields);
  }
  const away = looked.length - found.size;
  if (away > 0)
    context.warn(
      `the columns of ${counted(away, "file")} are not described: ${away === 1 ? "its" : "their"} data is not here; git mlgit fetch brings it`,
    );
  const rest = tables.length - looked.length;
  if (rest > 0)
    context.warn(`the columns of ${counted(rest, "file")} are not described, only those of the first ${mostDescribed}`);
  return found;
}

/** Where in the worktree a content is, if it is at its path; a pointer there stands for it and is none. */
function worktreePlaces({ repository: { workTree, gitDir } }: Session): PlaceOf {
  if (workTree === undefined) return () => undefined;
  const artifacts = new Artifacts(workTree, new StatCache(join(pipelineFolder(gitDir), "stat")));
  return ({ oid, place, size }) => {
    const file = join(workTree, place);
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat?.isFile() && stat.size === size && artifacts.look(place)?.oid === oid ? file : undefined;
  };
}

/** Undefined where the content is not here. */
async function describeOne(table: Table, session: Session, placeOf: PlaceOf): Promise<Fields | undefined> {
  const describe = describerOf(table.place);
  const cached = (await session.cache()).get(table.oid.replace(/^sha256:/, ""));
  if (cached?.kind === "bytes") return describe?.(bytesSource(cached.content));
  const file = cached ? cached.path : placeOf(table);
  if (file === undefined) return undefined;
  const fd = openSync(file, "r");
  try {
    return await describe?.(fileSource(fd, statSync(file).size));
  } finally {
    closeSync(fd);
  }
}
