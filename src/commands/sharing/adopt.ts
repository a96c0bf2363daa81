import { join } from "node:path";
import type { EntityPlace } from "../../entity/entity-path.ts";
import { type Origin, originEdits } from "../../entity/origin.ts";
import { parseSpec, type Spec } from "../../entity/spec.ts";
import { editSpec, type SpecEdit } from "../../entity/spec-edit.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { blobOid, writeBlobs } from "../../git/blob-pack.ts";
import { openCatFile } from "../../git/cat-file.ts";
import type { Repository } from "../../git/repository.ts";
import { type FolderEntry, readFolder } from "../../git/switch-tree.ts";
import type { OriginVersion } from "./origin-version.ts";

/** An entity of another repository as it is to lie in this one. */
export interface Adopted {
  readonly place: EntityPlace;
  readonly spec: Spec;
  readonly text: string;
  readonly entries: Map<string, FolderEntry>;
}

/**
 * Gives an entity's tree the form it has here: its origin in the spec, its name here. Everything else is as it was, byte for byte.
 * @throws MlgitError kind `refused` for a spec with problems and for a submodule among the files.
 */
export async function adopt(
  repository: Repository,
  found: OriginVersion,
  place: EntityPlace,
  url: string,
): Promise<Adopted> {
  const entries = await readFolder(repository, found.tree);
  refuseSubmodules(entries, found);
  const specPath = `${found.place.name}.spec`;
  const before = await textOf(repository, entries.get(latin1(specPath)));
  const origin = { url, tag: found.version.tag, commit: found.commit };
  const text = adoptedSpec(before, { found, place, origin });
  const { spec, problems } = parseSpec(text, place);
  if (!spec)
    throw new MlgitError("refused", `the spec of ${found.version.tag} has problems: ${problems[0]?.message}`, {
      path: found.place.spec,
      hint: "its owners have to mend it and make another version",
    });
  const mode = entries.get(latin1(specPath))?.mode ?? "100644";
  entries.delete(latin1(specPath));
  entries.set(latin1(`${place.name}.spec`), { mode, blob: await writeText(repository, text) });
  if (place.name !== found.place.name)
    await renameInAttributes(repository, entries, { from: found.place.name, to: place.name });
  return { place, spec, text, entries };
}

interface Adoption {
  readonly found: OriginVersion;
  readonly place: EntityPlace;
  readonly origin: Origin;
}

function adoptedSpec(text: string, { found, place, origin }: Adoption): string {
  const top = place.kind.name;
  const edits: SpecEdit[] = originEdits(place.kind, origin);
  if (place.name !== found.place.name) edits.push({ keys: [top, "name"], value: place.name });
  const { spec } = parseSpec(text, found.place);
  // Names of stores are each repository's own.
  if (spec?.storage?.toLowerCase().startsWith("store://"))
    edits.push({ keys: [top, "manifest", "storage"], value: undefined });
  return editSpec(text, edits);
}

/** The attributes that `create` wrote name the spec. */
async function renameInAttributes(
  repository: Repository,
  entries: Map<string, FolderEntry>,
  name: { readonly from: string; readonly to: string },
): Promise<void> {
  const entry = entries.get(".gitattributes");
  if (!entry) return;
  const lines = (await textOf(repository, entry)).split("\n");
  const renamed = lines.map((line) =>
    line.startsWith(`/${name.from}.spec `) ? `/${name.to}.spec ${line.slice(name.from.length + 7)}` : line,
  );
  entries.set(".gitattributes", { ...entry, blob: await writeText(repository, renamed.join("\n")) });
}

function refuseSubmodules(entries: ReadonlyMap<string, FolderEntry>, { version }: OriginVersion): void {
  const path = [...entries].find(([, { mode }]) => mode === "160000")?.[0];
  if (path === undefined) return;
  throw new MlgitError("refused", `${version.tag} has a submodule, ${path}, which cannot be imported`, {
    path,
    hint: "import another version, or take that repository itself in as a submodule",
  });
}

/** The text of a blob; empty where there is none. */
export async function textOf(repository: Repository, entry: FolderEntry | undefined): Promise<string> {
  if (!entry) return "";
  const cat = await openCatFile(repository);
  try {
    return (await cat.contents([entry.blob]))[0]?.bytes.toString("utf8") ?? "";
  } finally {
    cat.close();
  }
}

/** Stores a text as a blob; returns its id. */
export async function writeText(repository: Repository, text: string): Promise<string> {
  const bytes = Buffer.from(text);
  await writeBlobs(repository, [bytes]);
  return blobOid(repository, bytes);
}

function latin1(path: string): string {
  return Buffer.from(path).toString("latin1");
}

/** Where scratch repositories are made: the cache's temporary folder, which prune empties. */
export function scratchParent(cacheFolder: string): string {
  return join(cacheFolder, "tmp");
}
