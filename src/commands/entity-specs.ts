import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type EntityPlace, mayBeEntity, placeOfSpec, specPathspecs } from "../entity/entity-path.ts";
import { specLimit } from "../entity/spec-limit.ts";
import { blobOid } from "../git/blob-pack.ts";
import { openCatFile } from "../git/cat-file.ts";
import { emptyTree, treeChanges } from "../git/changes.ts";
import { quickIndex } from "../git/quick-index.ts";
import { cwdOf, type Repository } from "../git/repository.ts";
import { listIndex } from "../git/tree-scan.ts";

/** An entity as the index or a commit has it. */
export interface EntitySpec {
  readonly place: EntityPlace;
  readonly blob: string;
  /** Empty for a blob that is no spec by its size. */
  readonly text: string;
}

/** The entities of the index of this worktree. */
export async function indexSpecs(repository: Repository): Promise<EntitySpec[]> {
  const quick = quickSpecs(repository);
  if (quick) return quick;
  const found: Found[] = [];
  for await (const { path, blob, stage } of listIndex(repository, specPathspecs()))
    if (stage === 0) found.push({ path: path.toString("utf8"), blob });
  return readSpecs(repository, found);
}

/** Reads what `indexSpecs` will read, as far as that starts no git, for whoever has the time now and not later. */
export function readAheadSpecs(repository: Repository): void {
  quickSpecs(repository);
}

/**
 * The same without starting git, as every checkout asks for it: where the worktree still has the specs as the index has them. Undefined where
 * that cannot be told.
 */
function quickSpecs(repository: Repository): EntitySpec[] | undefined {
  const found = quickIndex(repository, (path) => path.endsWith(".spec") && mayBeEntity(path));
  const specs: EntitySpec[] = [];
  for (const { path, blob } of found ?? []) {
    const place = placeOfSpec(Buffer.from(path, "latin1").toString("utf8"));
    if (!place) continue;
    const text = textOf(repository, place.spec, blob);
    if (text === undefined) return undefined;
    specs.push({ place, blob, text });
  }
  return found && specs;
}

/** What a blob holds, if the file of that path holds the same and is not too large to be a spec. */
function textOf(repository: Repository, path: string, blob: string): string | undefined {
  try {
    const file = join(cwdOf(repository), path);
    if (lstatSync(file).size >= specLimit) return undefined;
    const bytes = readFileSync(file);
    return blobOid(repository, bytes) === blob ? bytes.toString("utf8") : undefined;
  } catch {
    return undefined;
  }
}

/** The entities of a commit or tree of the whole repository. */
export async function treeSpecs(repository: Repository, treeish: string): Promise<EntitySpec[]> {
  const changes = await treeChanges(repository, await emptyTree(repository), treeish, specPathspecs());
  const files = changes.filter(({ newMode }) => newMode.startsWith("100"));
  return readSpecs(
    repository,
    files.map(({ path, newBlob }) => ({ path: path.toString("utf8"), blob: newBlob })),
  );
}

interface Found {
  readonly path: string;
  readonly blob: string;
}

async function readSpecs(repository: Repository, files: readonly Found[]): Promise<EntitySpec[]> {
  const specs = files.flatMap(({ path, blob }) => {
    const place = placeOfSpec(path);
    return place ? [{ place, blob }] : [];
  });
  const texts = await specTexts(
    repository,
    specs.map(({ blob }) => blob),
  );
  return specs.map((spec, i) => ({ ...spec, text: texts[i] ?? "" }));
}

/** The texts of specs by the names of their blobs (`<commit>:<path>`); empty for what is not there, or is no spec by its size. One process. */
export async function specTexts(repository: Repository, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const cat = await openCatFile(repository);
  try {
    const infos = await cat.info(names);
    const isSpec = (i: number) => infos[i]?.type === "blob" && infos[i].size < specLimit;
    const contents = (await cat.contents(names.filter((_, i) => isSpec(i)))).values();
    return names.map((_, i) => (isSpec(i) ? (contents.next().value?.bytes.toString("utf8") ?? "") : ""));
  } finally {
    cat.close();
  }
}
