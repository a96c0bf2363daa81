import { type EntityPlace, entityAttributes, placeOf } from "../../entity/entity-path.ts";
import { loosens, type Mutability } from "../../entity/mutability.ts";
import { mutabilityIn, parseSpec } from "../../entity/spec.ts";
import { editSpec, type SpecEdit } from "../../entity/spec-edit.ts";
import { SpecText } from "../../entity/spec-text.ts";
import { versionTag } from "../../entity/version-tag.ts";
import { blobOid, writeBlobs } from "../../git/blob-pack.ts";
import type { Repository } from "../../git/repository.ts";
import { resolveObjects } from "../../git/tags.ts";
import { editTree } from "../../git/temporary-index.ts";
import { listTree } from "../../git/tree-scan.ts";
import { isSafePath } from "../../hydrate/safe-path.ts";
import { formatPointer, type Pointer } from "../../pointer/pointer.ts";
import type { Cache } from "../../store/local/cache.ts";
import { treeSpecs } from "../entity-specs.ts";
import type { MlGitVersion } from "./ml-git-versions.ts";

/** Larger files do not belong into git itself. */
const plainLimit = 1 << 20;

/** Why a version cannot be one of ours; undefined when it can. */
export function faultOf(version: MlGitVersion, text: string): string | undefined {
  const { spec, problems } = parseSpec(text, placeOf(version.kind, version.name, version.dir));
  if (!spec) return problems[0]?.message ?? "its spec cannot be read";
  if (versionTag(spec) !== version.tag) return `its spec says ${versionTag(spec)}`;
  for (const path of version.manifest.keys()) {
    const parts = path.split("/");
    if (!isSafePath(Buffer.from(path)) || /[\p{Cc}\\]/u.test(path))
      return `${JSON.stringify(path)} is no path that a repository may have`;
    if (parts.some((part) => part.toLowerCase().startsWith(".git"))) return `${path} has a name that git reads itself`;
    if (path === `${version.name}.spec` || path === "README.md") return `${path} is data, and the entity's own file`;
  }
  return undefined;
}

/** The spec as it is written here: what names ml-git's own files goes, links name the new commits. */
export function convertSpec(version: MlGitVersion, commits: ReadonlyMap<string, string>): string {
  const top = version.kind.name;
  const source = new SpecText(version.spec);
  const value = (...keys: string[]) => source.value([top, ...keys]);
  const edits: SpecEdit[] = [];
  const set = (keys: readonly string[], to: unknown) => edits.push({ keys: [top, ...keys], value: to });
  if (value("manifest", "files") !== undefined) set(["manifest", "files"], undefined);
  if (value("manifest", "store") !== undefined) {
    if (value("manifest", "storage") === undefined) set(["manifest", "storage"], value("manifest", "store"));
    set(["manifest", "store"], undefined);
  }
  if (value("mutability") === undefined) set(["mutability"], "strict");
  if (value("manifest", "amount") !== version.manifest.size) set(["manifest", "amount"], version.manifest.size);
  for (const key of ["dataset", "labels"]) {
    const next =
      key === top ? undefined : (commits.get(String(value(key, "sha"))) ?? commits.get(String(value(key, "tag"))));
    if (next !== undefined) set([key, "sha"], next);
  }
  return editSpec(version.spec, edits);
}

export interface EntityTree {
  readonly tree: string;
  readonly place: EntityPlace;
  /** What the entity's mutability was before, if it was stricter. */
  readonly loosened: Mutability | undefined;
  readonly mutability: Mutability;
  /** Published bytes that the version has others for: path relative to the top (latin1), and git's blob. */
  readonly changed: readonly { readonly path: string; readonly blob: string }[];
}

/** The tree of a version: that of its parent with the entity's folder as the version has it. Undefined where a file cannot be kept. */
export async function buildVersion(
  repository: Repository,
  version: MlGitVersion,
  from: {
    readonly parent: string | undefined;
    readonly text: string;
    readonly pointers: ReadonlyMap<string, Pointer>;
    readonly cache: Cache;
  },
): Promise<EntityTree | string> {
  const place = placeOf(version.kind, version.name, version.dir);
  const specs = from.parent === undefined ? [] : await treeSpecs(repository, from.parent);
  const before = specs.find((one) => one.place.kind.name === place.kind.name && one.place.name === place.name);
  const old = before ? await filesBelow(repository, from.parent ?? "", before.place.folder) : new Map<string, string>();
  const files = new Map<string, Buffer>([
    [`${place.name}.spec`, Buffer.from(from.text)],
    [".gitattributes", Buffer.from(entityAttributes(place.name))],
    ...version.extras,
  ]);
  for (const [path, cid] of version.manifest) {
    const bytes = bytesOf(path, from.pointers.get(cid), from.cache);
    if (typeof bytes === "string") return bytes;
    files.set(path, bytes);
  }
  await writeBlobs(repository, [...files.values()]);
  const inside = (folder: string, path: string) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path)]);
  const entries = [...files].map(([path, bytes]) => ({
    path: inside(place.folder, path),
    mode: "100644",
    blob: blobOid(repository, bytes),
  }));
  const removed = before ? [...old.keys()].map((path) => inside(before.place.folder, path)) : [];
  const tree = await editTree(repository, from.parent, { entries, removed });
  const was = before && mutabilityIn(before.text, place.kind);
  const mutability = mutabilityIn(from.text, place.kind);
  const changed = [...version.manifest.keys()].flatMap((path) => {
    const blob = old.get(path);
    const now = blobOid(repository, files.get(path) as Buffer);
    return blob === undefined || blob === now ? [] : [{ path: inside(place.folder, path).toString("latin1"), blob }];
  });
  return { tree, place, mutability, loosened: was && loosens(was, mutability) ? was : undefined, changed };
}

/** A pointer; the bytes themselves of a dotfile, which an entity does not track. */
function bytesOf(path: string, pointer: Pointer | undefined, cache: Cache): Buffer | string {
  if (!pointer) return `${path} could not be had`;
  if (pointer.size === 0) return Buffer.alloc(0);
  if (!(path.split("/").at(-1) ?? "").startsWith(".")) return formatPointer(pointer);
  const content = pointer.size < plainLimit ? cache.get(pointer.oid) : undefined;
  return content?.kind === "bytes" ? Buffer.from(content.content) : `${path} is a dotfile and too large for git itself`;
}

async function filesBelow(repository: Repository, tree: string, folder: string): Promise<Map<string, string>> {
  const [oid] = await resolveObjects(repository, [`${tree}:${folder}`]);
  const files = new Map<string, string>();
  if (oid) for await (const { path, blob } of listTree(repository, oid)) files.set(path.toString("utf8"), blob);
  return files;
}
