import { forbidden, loosens, type Mutability } from "../entity/mutability.ts";
import { parseSpec, type Spec } from "../entity/spec.ts";
import { quotePath } from "../git/quote-path.ts";
import type { Repository } from "../git/repository.ts";
import { shellWord } from "../util/shell-word.ts";
import type { Breach } from "./breach.ts";
import type { EntitySpec } from "./entity-specs.ts";
import { changesOfPublished, type PublishedChange, type PublishedVersion, versionTrees } from "./published.ts";

/** One state of one entity: staged, or of a commit. */
export interface EntityState {
  readonly spec: EntitySpec;
  /** git's id of the entity's folder. */
  readonly tree: string;
  /** The mutability that was asked for before this change; undefined for a new entity. */
  readonly was: Mutability | undefined;
  /** The versions before this state, the highest first. */
  readonly versions: readonly PublishedVersion[];
}

export interface CheckOptions {
  /** Whether published bytes (git's blob) of a flexible entity's path, relative to the top, latin1, may change. */
  unlocked(path: string, blob: string): boolean;
  /** Somebody asked by a command for this entity's mutability to be loosened. */
  readonly mayLoosen: boolean;
}

export interface EntityCheck {
  readonly breaches: readonly Breach[];
  /** Undefined when it cannot be read. */
  readonly spec: Spec | undefined;
}

/** Holds an entity against its rules: a spec that makes sense, versions that rise, mutability. */
export async function checkEntity(
  repository: Repository,
  state: EntityState,
  options: CheckOptions,
): Promise<EntityCheck> {
  const { spec, problems } = parseSpec(state.spec.text, state.spec.place);
  if (!spec) {
    const breaches = problems.map(({ path, line, message }) => ({
      rule: "spec" as const,
      path,
      line,
      message: `${path}:${line}: ${message}`,
      hint: "mend the spec and add it again; its format: git mlgit help datasets",
    }));
    return { spec, breaches };
  }
  const breaches = [
    ...(await versionBreach(repository, state, spec)),
    ...loosenBreach(state, spec.mutability, options.mayLoosen),
  ];
  if (spec.mutability !== "mutable") {
    const { place } = state.spec;
    const trees = versionTrees(repository, place, state.versions);
    const changes = await changesOfPublished(repository, { place, tree: state.tree }, trees);
    const prefix = Buffer.from(`${place.folder}/`).toString("latin1");
    const isUnlocked = (change: PublishedChange) => options.unlocked(prefix + change.inside, change.published);
    for (const change of forbidden(spec.mutability, changes, isUnlocked))
      breaches.push(changeBreach(change, prefix, spec.mutability));
  }
  return { spec, breaches };
}

async function versionBreach(
  repository: Repository,
  { spec: { place }, versions }: EntityState,
  spec: Spec,
): Promise<Breach[]> {
  const higher = versions.filter(({ version }) => version > spec.version);
  const { value } = await versionTrees(repository, place, higher).next();
  if (!value) return [];
  const latest: PublishedVersion = value.version;
  return [
    {
      rule: "version",
      path: place.spec,
      line: 0,
      message: `${place.spec}: version is ${spec.version}, but version ${latest.version} (${latest.tag}) is in the history already`,
      hint: `the next version is ${latest.version + 1}; to leave it at the last one, set version: ${latest.version}`,
    },
  ];
}

function loosenBreach({ spec: { place }, was }: EntityState, now: Mutability, mayLoosen: boolean): Breach[] {
  if (was === undefined || mayLoosen || !loosens(was, now)) return [];
  return [
    {
      rule: "loosened",
      path: place.spec,
      line: 0,
      message: `${place.spec}: mutability was ${was} and would be ${now}; it is loosened by a command only`,
      hint: `git mlgit ${place.kind.folder} config ${place.name} mutability ${now}`,
    },
  ];
}

function changeBreach(change: PublishedChange, prefix: string, mutability: "strict" | "flexible"): Breach {
  const bytes = Buffer.from(prefix + change.inside, "latin1");
  const path = quotePath(bytes);
  const word = shellWord(bytes);
  const { tag, version, commit, untagged } = change.version;
  const restore = `git restore --source=${untagged ? commit.slice(0, 12) : tag} --staged --worktree -- ${word}`;
  return {
    rule: mutability,
    path,
    line: 0,
    change: { path: prefix + change.inside, published: change.published },
    message: `${path}: ${mutability}, and version ${version} has other bytes for it`,
    hint:
      mutability === "strict"
        ? `take the published bytes back: ${restore}; new bytes go under a new name. ${untagged ? `Its tag is not here: git fetch --tags` : `A version that nobody has yet can be made again: git tag -d ${tag}`}`
        : `to change it: git mlgit unlock ${word}; to take the published bytes back: ${restore}`,
  };
}
