import { type EntityPlace, placeOf } from "../../entity/entity-path.ts";
import { kinds } from "../../entity/kind.ts";
import type { TaggedVersion } from "../../entity/relationships/graph.ts";
import { linksIn } from "../../entity/relationships/links.ts";
import { parseSpec } from "../../entity/spec.ts";
import { specLimit } from "../../entity/spec-limit.ts";
import { SpecText } from "../../entity/spec-text.ts";
import { versionTag } from "../../entity/version-tag.ts";
import { type CatFile, openCatFile } from "../../git/cat-file.ts";
import { verifyCommit } from "../../git/changes.ts";
import type { Repository } from "../../git/repository.ts";
import { treeSpecs } from "../entity-specs.ts";
import { type PublishedVersion, publishedVersions } from "../published.ts";

/**
 * Every version that has a tag here, of all kinds, with what its spec links to. A tag does not say the kind, nor where the entity lay then: it is looked
 * for where entities of that name are known to lie, and what is not found there in the tree of its own commit.
 */
export async function collectVersions(repository: Repository): Promise<TaggedVersion[]> {
  const places = new PlaceBook();
  if ((await verifyCommit(repository, "HEAD")) !== undefined) places.learn(await treeSpecs(repository, "HEAD"));
  let open = await publishedVersions(repository);
  const found: TaggedVersion[] = [];
  const seen = new Set<string>();
  const cat = await openCatFile(repository);
  const look = async (versions: readonly PublishedVersion[]) => {
    const hits = await readVersions(cat, versions, places);
    found.push(...hits);
    const tags = new Set(hits.map(({ tag }) => tag));
    open = open.filter(({ tag }) => !tags.has(tag));
  };
  try {
    await look(open);
    for (let next = open[0]; next; next = open.find(({ commit }) => !seen.has(commit))) {
      seen.add(next.commit);
      const names = places.learn(await treeSpecs(repository, next.commit));
      await look(open.filter(({ name }) => names.has(name)));
    }
    return found;
  } finally {
    cat.close();
  }
}

/** Where entities lie or lay, by their names. */
class PlaceBook {
  readonly #places = new Map<string, Map<string, EntityPlace>>();

  /** Returns the names that have a new place. */
  learn(specs: readonly { readonly place: EntityPlace }[]): ReadonlySet<string> {
    const names = new Set<string>();
    for (const { place } of specs) {
      const known = this.of(place.name);
      // git's batch mode takes one question a line.
      if (known.has(place.spec) || place.spec.includes("\n")) continue;
      known.set(place.spec, place);
      names.add(place.name);
    }
    return names;
  }

  of(name: string): Map<string, EntityPlace> {
    const known =
      this.#places.get(name) ?? new Map(kinds().map((kind) => [placeOf(kind, name).spec, placeOf(kind, name)]));
    this.#places.set(name, known);
    return known;
  }
}

interface Question {
  readonly version: PublishedVersion;
  readonly place: EntityPlace;
}

async function readVersions(
  cat: CatFile,
  versions: readonly PublishedVersion[],
  places: PlaceBook,
): Promise<TaggedVersion[]> {
  const questions = versions.flatMap((version): Question[] =>
    [...places.of(version.name).values()].map((place) => ({ version, place })),
  );
  const infos = await cat.info(questions.map(({ version, place }) => `${version.commit}:${place.spec}`));
  const real = questions.flatMap((one, i) => {
    const { oid, type, size } = infos[i] ?? { oid: "", type: "missing", size: 0 };
    return type === "blob" && size < specLimit ? [{ ...one, blob: oid }] : [];
  });
  const contents = await cat.contents(real.map(({ blob }) => blob));
  const found = new Map<string, TaggedVersion>();
  for (const [i, one] of real.entries()) {
    const version = readVersion(one, contents[i]?.bytes.toString("utf8") ?? "");
    if (version && !found.has(version.tag)) found.set(version.tag, version);
  }
  return [...found.values()];
}

/** Undefined for another entity of that name, which the commit has too. */
function readVersion({ version, place }: Question, text: string): TaggedVersion | undefined {
  const { spec } = parseSpec(text, place);
  if (spec && versionTag(spec) !== version.tag) return undefined;
  const { tag, name, commit, version: number } = version;
  const links = linksIn(new SpecText(text).value([place.kind.name]));
  return { tag, name, commit, version: number, kind: place.kind.name, links, spec };
}
