import { treeSettingsPath } from "../../config/tree-settings.ts";
import { type EntityPlace, placeOfSpec } from "../../entity/entity-path.ts";
import { type Kind, kindOf } from "../../entity/kind.ts";
import { nameProblem } from "../../entity/name-rules.ts";
import { statedTags } from "../../entity/stated-tags.ts";
import { parseVersionTag, type VersionTag } from "../../entity/version-tag.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { type RemoteTag, remoteTags } from "../../git/remote-refs.ts";
import type { Repository } from "../../git/repository.ts";
import { assertSameFormat, copyObjects, type Scratch } from "../../git/scratch.ts";

/** What people call an entity of another repository: `[kind/]name[@version]`, or a version's tag. */
export interface EntityWord {
  readonly kind: Kind | undefined;
  readonly name: string;
  readonly version: number | undefined;
  readonly tag: string | undefined;
}

/** @throws MlgitError kind `usage` for a word that cannot be an entity's. */
export function parseEntityWord(word: string): EntityWord {
  const tag = parseVersionTag(word);
  if (tag) return { kind: undefined, name: tag.name, version: tag.version, tag: word };
  const [, path = word, number] = /^(.+)@(\d+)$/.exec(word) ?? [];
  const parts = path.split("/");
  const name = parts.at(-1) ?? "";
  const kind = parts.length > 1 ? kindOf(parts[0] ?? "") : undefined;
  const problem = nameProblem(name);
  if (problem) throw new MlgitError("usage", `the name ${JSON.stringify(name)} ${problem}`, { hint: wordHint });
  if (parts.length > 1 && !kind)
    throw new MlgitError("usage", `${JSON.stringify(parts[0])} is no kind of entity`, { hint: wordHint });
  return { kind, name, version: number === undefined ? undefined : Number(number), tag: undefined };
}

const wordHint = "an entity is named like imagenet8, imagenet8@2 or datasets/imagenet8@2";

/** A version of an entity in another repository. Its objects are in this one. */
export interface OriginVersion {
  readonly version: VersionTag;
  readonly commit: string;
  /** Where it lies there. */
  readonly place: EntityPlace;
  /** git's id of its folder. */
  readonly tree: string;
  /** The text of `.mlgit/config.yaml` of that commit. */
  readonly config: string | undefined;
}

export interface OriginLookup {
  readonly repository: Repository;
  readonly scratch: Scratch;
  /** As git is to use it. */
  readonly url: string;
}

/**
 * Finds a version and brings its objects: asks for the tags, fetches the commits in question without their history.
 * @throws MlgitError kind `usage` when there is no such version, saying which there are; `conflict` when the name means several entities.
 */
export async function findOriginVersion(lookup: OriginLookup, word: EntityWord): Promise<OriginVersion> {
  const tags = await remoteTags(lookup.repository, lookup.url);
  const wanted = candidates(tags, word);
  if (wanted.length === 0) throw noVersion(tags, word, lookup.url);
  assertSameFormat(
    lookup.repository,
    wanted.map(({ commit }) => commit),
  );
  await fetchTags(
    lookup.scratch,
    lookup.url,
    wanted.map(({ version }) => version.tag),
  );
  const found: Place[] = [];
  for (const one of wanted) found.push(...(await placesIn(lookup.scratch, one, word)));
  const [first] = found;
  if (!first)
    throw new MlgitError(
      "usage",
      `${lookup.url}: the commit of ${wanted[0]?.version.tag} has no ${kindWord(word)} called ${word.name}`,
      {
        hint: "declare its kind in .mlgit/config.yaml if it is one that this repository does not know",
      },
    );
  const other = found.find(({ place }) => place.kind !== first.place.kind);
  if (other)
    throw new MlgitError(
      "conflict",
      `${word.name} is both ${first.place.folder} and ${other.place.folder} in ${lookup.url}`,
      {
        hint: `say which: ${first.place.kind.folder}/${word.name} or ${other.place.kind.folder}/${word.name}`,
      },
    );
  return bring(lookup, first);
}

interface Candidate {
  readonly version: VersionTag;
  readonly commit: string;
}

/** The wanted version, or the highest, under each list of categories: these may be several entities. */
function candidates(tags: readonly RemoteTag[], word: EntityWord): Candidate[] {
  const fitting = tags
    .flatMap(({ tag, commit }) => {
      const version = parseVersionTag(tag);
      return version?.name === word.name ? [{ version, commit }] : [];
    })
    .filter(({ version }) =>
      word.tag === undefined
        ? word.version === undefined || version.version === word.version
        : version.tag === word.tag,
    )
    .sort((a, b) => b.version.version - a.version.version);
  const seen = new Set<string>();
  return fitting.filter(({ version }) => {
    const key = version.categories.join("__");
    return !seen.has(key) && seen.add(key);
  });
}

async function fetchTags(scratch: Scratch, url: string, tags: readonly string[]): Promise<void> {
  const specs = tags.map((tag) => `+refs/tags/${tag}:refs/tags/${tag}`);
  await scratch.run(["fetch", "-q", "--depth=1", "--no-tags", "--no-write-fetch-head", "--", url, ...specs]);
}

interface Place extends Candidate {
  readonly place: EntityPlace;
}

/** Where the commit has an entity whose spec says that version: another one of that name may be there too. */
async function placesIn(scratch: Scratch, one: Candidate, word: EntityWord): Promise<Place[]> {
  const { stdout } = await scratch.run(["ls-tree", "-r", "-z", "--name-only", "--full-tree", one.commit]);
  const places = stdout
    .toString("utf8")
    .split("\0")
    .flatMap((path) => placeOfSpec(path) ?? [])
    .filter(({ kind, name }) => name === word.name && (word.kind === undefined || kind === word.kind));
  const found: Place[] = [];
  for (const place of places) {
    const text = await scratch.run(["cat-file", "blob", `${one.commit}:${place.spec}`]);
    if (statedTags(text.stdout.toString("utf8"), place.name).includes(one.version.tag)) found.push({ ...one, place });
  }
  return found;
}

async function bring({ repository, scratch }: OriginLookup, { version, commit, place }: Place): Promise<OriginVersion> {
  const names = [`${commit}:${place.folder}`, `${commit}:${treeSettingsPath}`];
  const { stdout } = await scratch.run(
    ["cat-file", "--batch-check=%(objecttype) %(objectname)"],
    names.map((name) => `${name}\n`).join(""),
  );
  const [tree, config] = stdout
    .toString("utf8")
    .split("\n")
    .map((line) => /^(?:tree|blob) ([0-9a-f]+)$/.exec(line)?.[1]);
  if (tree === undefined) throw new MlgitError("internal", `${place.folder} has a spec and no tree in ${commit}`);
  await copyObjects(scratch, repository, [tree]);
  const text =
    config === undefined ? undefined : (await scratch.run(["cat-file", "blob", config])).stdout.toString("utf8");
  return { version, commit, place, tree, config: text };
}

function noVersion(tags: readonly RemoteTag[], word: EntityWord, url: string): MlgitError {
  const versions = tags.flatMap(({ tag }) => parseVersionTag(tag) ?? []);
  const same = versions.filter(({ name }) => name === word.name).map(({ version }) => version);
  const names = [...new Set(versions.map(({ name }) => name))].sort();
  const which = word.tag ?? (word.version === undefined ? word.name : `${word.name}@${word.version}`);
  const hint =
    same.length > 0
      ? `its versions there: ${[...new Set(same)].sort((a, b) => a - b).join(", ")}`
      : names.length > 0
        ? `entities with versions there: ${names.slice(0, 20).join(", ")}${names.length > 20 ? ", …" : ""}`
        : "that repository has no version of any entity; they are tags, so maybe they were not pushed";
  return new MlgitError("usage", `${url} has no version ${which}`, { hint });
}

function kindWord({ kind }: EntityWord): string {
  return kind?.name ?? "entity";
}
