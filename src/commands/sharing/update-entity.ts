import { type EntityPlace, isData } from "../../entity/entity-path.ts";
import { loosens } from "../../entity/mutability.ts";
import { type Origin, readOrigin } from "../../entity/origin.ts";
import { parseSpec } from "../../entity/spec.ts";
import { parseVersionTag } from "../../entity/version-tag.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { type FolderEntries, readFolder } from "../../git/switch-tree.ts";
import { indexTree } from "../../git/tags.ts";
import type { Context } from "../command.ts";
import { needWorktree, type Worktree } from "../kind/find-entity.ts";
import { UnlockRecord } from "../unlock-record.ts";
import { type Adopted, adopt, textOf } from "./adopt.ts";
import { type BroughtData, bringData } from "./bring-data.ts";
import { mergeEntity } from "./merge-entity.ts";
import type { OpenOrigin } from "./open-origin.ts";
import { findOriginVersion, type OriginVersion } from "./origin-version.ts";
import { placeEntity } from "./place-entity.ts";

/** An imported entity as the index has it. */
export interface Imported {
  readonly place: EntityPlace;
  readonly origin: Origin;
  readonly text: string;
  readonly entries: FolderEntries;
}

/** Reads it from the index. Undefined for an entity that is at home here. */
export async function readImported(repository: Worktree, place: EntityPlace): Promise<Imported | undefined> {
  const tree = await indexTree(repository, place.folder);
  if (tree === undefined) return undefined;
  const entries = await readFolder(repository, tree);
  const text = await textOf(repository, entries.get(Buffer.from(`${place.name}.spec`).toString("latin1")));
  const origin = readOrigin(text, place.kind);
  return origin && { place, origin, text, entries };
}

export interface Update {
  readonly name: string;
  readonly folder: string;
  /** Tags. The same when there is nothing newer. */
  readonly from: string;
  readonly to: string;
  readonly data?: BroughtData;
}

export interface UpdateJob {
  readonly context: Context;
  readonly origin: OpenOrigin;
  readonly imported: Imported;
  /** Default: the newest. */
  readonly version: number | undefined;
  readonly store: string | undefined;
  readonly allowed: readonly string[];
}

/**
 * Moves an imported entity on. What was changed here since stays, where the origin changed something else.
 * @throws MlgitError kind `conflict` where both changed the same, or where the origin's tag is not what it was.
 */
export async function updateEntity(job: UpdateJob): Promise<Update> {
  const { origin, imported, context } = job;
  const repository = needWorktree(origin.repository);
  const tag = parseVersionTag(imported.origin.tag);
  if (!tag)
    throw new MlgitError(
      "refused",
      `${imported.place.spec}: origin.tag is ${JSON.stringify(imported.origin.tag)}, which is no version`,
      {
        path: imported.place.spec,
        hint: "mend it: the tag of the version that was imported",
      },
    );
  const word = { kind: imported.place.kind, name: tag.name };
  const next = await findOriginVersion(origin, { ...word, version: job.version, tag: undefined });
  const result = { name: imported.place.name, folder: imported.place.folder, from: tag.tag, to: next.version.tag };
  if (next.version.tag === tag.tag) return result;
  if (next.version.version <= tag.version) throw backwards(imported, next);
  const last = await findOriginVersion(origin, { ...word, version: tag.version, tag: tag.tag });
  if (last.commit !== imported.origin.commit) throw moved(imported, last);
  const base = await adopt(repository, last, imported.place, imported.origin.url);
  const theirs = await adopt(repository, next, imported.place, imported.origin.url);
  refuseLoosening(imported, theirs);
  const entries = await mergeEntity(repository, imported.place, {
    base: base.entries,
    ours: imported.entries,
    theirs: theirs.entries,
  });
  const place = { ...origin.place(next.config), store: job.store, allowed: job.allowed };
  const data = await bringData({ session: origin.session, context }, next.tree, place);
  await placeEntity(repository, { place: imported.place, entries });
  if (theirs.spec.mutability === "flexible") unlockChanged(repository, imported, entries);
  return { ...result, data };
}

/** The specs of the index that name an origin, or that of the one entity. */
export async function importedEntities(repository: Worktree, places: readonly EntityPlace[]): Promise<Imported[]> {
  const found: Imported[] = [];
  for (const place of places) {
    const one = await readImported(repository, place);
    if (one) found.push(one);
  }
  return found;
}

function backwards({ place, origin }: Imported, next: OriginVersion): MlgitError {
  return new MlgitError(
    "usage",
    `${place.folder} is at ${origin.tag} already, and versions only rise; ${next.version.tag} is older`,
    {
      hint: `what was here before: git mlgit ${place.kind.folder} checkout ${next.version.tag}`,
    },
  );
}

function moved({ place, origin }: Imported, last: OriginVersion): MlgitError {
  return new MlgitError(
    "conflict",
    `${origin.tag} in ${origin.url} is another commit (${last.commit.slice(0, 12)}) than the one that was imported (${origin.commit.slice(0, 12)})`,
    {
      path: place.spec,
      hint: "ask its owners which one is right; a version's tag must not move",
    },
  );
}

/** The commit that follows would be refused, and the way to loosen is a commit of its own. */
function refuseLoosening({ place, text }: Imported, theirs: Adopted): void {
  const was = parseSpec(text, place).spec?.mutability;
  const now = theirs.spec.mutability;
  if (was === undefined || !loosens(was, now)) return;
  throw new MlgitError("refused", `${place.folder} is ${was} here and ${now} in the new version`, {
    path: place.spec,
    hint: `if that may be: git mlgit ${place.kind.folder} config ${place.name} mutability ${now}, then the same command again`,
  });
}

/** The origin's people unlocked these files for their version, and here it is the same change. */
function unlockChanged(repository: Worktree, { place, entries: before }: Imported, after: FolderEntries): void {
  const record = new UnlockRecord(repository);
  const prefix = Buffer.from(`${place.folder}/`).toString("latin1");
  const changed = [...before].filter(([path, { blob }]) => after.has(path) && after.get(path)?.blob !== blob);
  for (const [path, { blob }] of changed)
    if (isData(Buffer.from(path, "latin1").toString("utf8"), place.name)) record.unlock(prefix + path, [blob]);
}
