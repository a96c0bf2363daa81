import { parsePointer } from "../pointer/pointer.ts";
import { type EntityPlace, specAttributes } from "./entity-path.ts";
import type { Kind } from "./kind.ts";
import { isMutability, type Mutability, mutabilities } from "./mutability.ts";
import { nameProblem } from "./name-rules.ts";
import { SpecText } from "./spec-text.ts";

/** What one version is made from: the tag of another entity's version and its commit. */
export interface Link {
  readonly tag: string;
  readonly sha: string;
}

/** A spec that follows the rules. Format: docs/format/entity-spec.md. */
export interface Spec {
  readonly name: string;
  /** Positive integer. */
  readonly version: number;
  readonly categories: readonly string[];
  readonly mutability: Mutability;
  /** `s3h://bucket`, as written. */
  readonly storage: string | undefined;
  /** Number of data files and their bytes in words, as of the last commit that raised the version. */
  readonly amount: number | undefined;
  readonly size: string | undefined;
  readonly metrics: Readonly<Record<string, unknown>>;
  /** By the name of the kind that is linked: `dataset`, `labels`. */
  readonly links: Readonly<Record<string, Link>>;
}

export interface SpecProblem {
  readonly path: string;
  /** 1 for the first; 0 when the problem is the whole file's. */
  readonly line: number;
  readonly message: string;
}

export interface ParsedSpec {
  /** Undefined when there are problems. */
  readonly spec: Spec | undefined;
  readonly problems: readonly SpecProblem[];
}

/** Reads a spec and checks it against its place. Never throws: what is wrong is in `problems`, all of it. */
export function parseSpec(text: string, place: Pick<EntityPlace, "kind" | "name" | "spec">): ParsedSpec {
  const source = new SpecText(text);
  const problems: SpecProblem[] = [];
  if (parsePointer(Buffer.from(text))) return { spec: undefined, problems: [pointerProblem(place)] };
  const blame = (keys: readonly string[], message: string) =>
    problems.push({ path: place.spec, line: source.lineOf(keys), message });
  for (const { line, message } of source.faults) problems.push({ path: place.spec, line, message });
  if (problems.length > 0) return { spec: undefined, problems };
  const top = place.kind.name;
  const body = source.value([top]);
  if (!isMap(body)) {
    const why = text === "" ? "is empty, or larger than 1 MiB; it " : "";
    blame([], `${why}must begin with "${top}:" and hold its values below`);
    return { spec: undefined, problems };
  }
  const spec = readBody(body, place, (keys, message) => blame([top, ...keys], message));
  return { spec: problems.length === 0 ? spec : undefined, problems };
}

/** The attributes of an entity name its spec, so that whoever renames it has it tracked like the data. */
function pointerProblem({ spec, name }: Pick<EntityPlace, "name" | "spec">): SpecProblem {
  const attributes = spec.replace(/[^/]*$/, ".gitattributes");
  const message = `is stored as a pointer, since a pattern tracks it: add the line "${specAttributes(name)}" to ${attributes}, then git add --renormalize ${spec}`;
  return { path: spec, line: 1, message };
}

/**
 * What a spec says of mutability, even where the rest of it has problems. One that cannot be read is taken for strict: that only
 * makes files read-only, and a commit with it is refused anyway.
 */
export function mutabilityIn(text: string, kind: Pick<Kind, "name">): Mutability {
  const value = new SpecText(text).value([kind.name, "mutability"]);
  return isMutability(value) ? value : "strict";
}

type Blame = (keys: readonly string[], message: string) => void;
type Body = Readonly<Record<string, unknown>>;

function readBody(body: Body, place: Pick<EntityPlace, "kind" | "name">, blame: Blame): Spec {
  const manifest = isMap(body.manifest) ? body.manifest : {};
  if (body.manifest !== undefined && body.manifest !== null && !isMap(body.manifest))
    blame(["manifest"], "manifest must hold key: value lines");
  if (body.name !== place.name)
    blame(["name"], `name is ${show(body.name)}; the folder and the file say ${show(place.name)}`);
  if (manifest.storage !== undefined && !/^[a-z0-9]+:\/\/\S+$/i.test(String(manifest.storage)))
    blame(["manifest", "storage"], `manifest.storage is ${show(manifest.storage)}; it must be like s3h://bucket`);
  return {
    name: place.name,
    version: readVersion(body.version, blame),
    categories: readCategories(body.categories ?? undefined, blame),
    mutability: readMutability(body.mutability, blame),
    storage: manifest.storage === undefined ? undefined : String(manifest.storage),
    amount: typeof manifest.amount === "number" ? manifest.amount : undefined,
    size: manifest.size === undefined ? undefined : String(manifest.size),
    metrics: isMap(body.metrics) ? body.metrics : {},
    links: readLinks(body, blame),
  };
}

function readVersion(value: unknown, blame: Blame): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 99_999_999) return value;
  blame(["version"], value === undefined ? "version is missing" : `version is ${show(value)}; it must be 1, 2, 3, …`);
  return 0;
}

function readMutability(value: unknown, blame: Blame): Mutability {
  const found = mutabilities.find((one) => one === value);
  if (found) return found;
  blame(
    ["mutability"],
    `mutability is ${value === undefined ? "missing" : show(value)}; it must be strict, flexible or mutable`,
  );
  return "strict";
}

/** The categories as a spec may write them: a list, or words with commas. */
export function categoriesOf(value: unknown): string[] {
  const list = typeof value === "string" ? value.split(",") : Array.isArray(value) ? value.map(String) : [];
  return list.map((one) => one.trim()).filter((one) => one !== "");
}

function readCategories(value: unknown, blame: Blame): string[] {
  const categories = categoriesOf(value);
  if (categories.length === 0)
    blame(["categories"], "categories is missing; at least one is needed, tags begin with them");
  for (const one of categories) {
    const problem = nameProblem(one);
    if (problem) blame(["categories"], `category ${show(one)} ${problem}`);
  }
  return categories;
}

function readLinks(body: Body, blame: Blame): Record<string, Link> {
  const links: Record<string, Link> = {};
  for (const key of ["dataset", "labels"]) {
    const link = body[key];
    if (link === undefined || link === null) continue;
    if (isMap(link) && typeof link.tag === "string" && typeof link.sha === "string")
      links[key] = { tag: link.tag, sha: link.sha };
    else blame([key], `${key} must hold the tag and the sha of a version`);
  }
  return links;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return value === undefined ? "missing" : (JSON.stringify(value)?.slice(0, 80) ?? String(value));
}
