import type { Repository } from "../git/repository.ts";
import type { Json } from "./canonical-json.ts";
import type { RunRecord } from "./run-record.ts";
import { readRunBlobs } from "./run-store.ts";

/** What a run was made with, by name. Format: docs/format/records.md. */
export type Environment = Readonly<Record<string, Json>>;

/** What a probe said. */
export interface ProbeAnswer {
  readonly name: string;
  /** `sha256:<hex>` of the shared blob with its output; undefined where it said nothing. */
  readonly oid: string | undefined;
  /** Why it cannot be relied on. */
  readonly problem: string | undefined;
}

/** What runs' environment blobs say, in the same order; empty where it is not known. Probes are named by their oids. */
export async function readEnvironments(runs: readonly RunRecord[], repository: Repository): Promise<Environment[]> {
  const blobs = await readRunBlobs(
    repository,
    runs.flatMap(({ env }) => env ?? []),
  );
  return runs.map(({ env }) => parseEnvironment(env === null ? undefined : blobs.get(env)));
}

/** The same, with what the probes printed in place of its oids: `probes` holds versions by name for each. */
export async function readLibraries(runs: readonly RunRecord[], repository: Repository): Promise<Environment[]> {
  const environments = await readEnvironments(runs, repository);
  const answers = environments.map(probeAnswers);
  const blobs = await readRunBlobs(
    repository,
    answers.flat().flatMap(({ oid }) => oid ?? []),
  );
  return environments.map((environment, i) => {
    const known = answers[i] ?? [];
    if (known.length === 0) return environment;
    const expanded = known.map(({ name, oid, problem }) => {
      const text = (oid === undefined ? undefined : blobs.get(oid))?.toString("utf8") ?? "";
      return [name, { ...parseVersions(text), ...(problem === undefined ? {} : { problem }) }] as const;
    });
    return { ...environment, probes: Object.fromEntries(expanded) };
  });
}

export function probeAnswers({ probes }: Environment): ProbeAnswer[] {
  const map = isMap(probes) ? probes : {};
  return Object.entries(map).map(([name, value]) => {
    const { oid, problem } = isMap(value) ? value : {};
    const text = (one: Json | undefined) => (typeof one === "string" ? one : undefined);
    return { name, oid: text(oid), problem: text(problem) };
  });
}

/** `{probes: {pip: {torch: "2"}}}` as `{"pip torch": "2"}`, so that two environments can be compared name by name. */
export function flattenProbes(environment: Environment): Environment {
  const { probes, ...rest } = environment;
  if (!isMap(probes)) return environment;
  const rows = Object.entries(probes).flatMap(([probe, values]) =>
    Object.entries(isMap(values) ? values : {}).map(([name, value]) => [`${probe} ${name}`, value] as const),
  );
  return { ...rest, ...Object.fromEntries(rows) };
}

/** How lists of installed things separate a name from its version: pip, pip's URLs, npm, conda, and `name: value` of everything else. */
const forms = [
  /^([^\s=@:]+)==(\S.*)$/,
  /^([^\s=@:]+) @ (\S+)$/,
  /^(@?[^\s=@]+)@(\S+)$/,
  /^([^\s=]+)=(\S.*)$/,
  /^([^:]{1,80}?)\s*:\s+(\S.*)$/,
];

/** Versions by name of what a probe printed; a line that is no such pair is a name without one. */
export function parseVersions(text: string): Record<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const [, name = trimmed, version = ""] = forms.map((form) => form.exec(trimmed)).find(Boolean) ?? [];
    const other = found.get(name);
    found.set(name, other === undefined || other === version ? version : `${other}, ${version}`);
  }
  return Object.fromEntries(found);
}

function parseEnvironment(bytes: Buffer | undefined): Environment {
  try {
    const value: unknown = bytes ? JSON.parse(bytes.toString("utf8")) : {};
    return isMap(value) ? (value as Environment) : {};
  } catch {
    return {};
  }
}

function isMap(value: unknown): value is Readonly<Record<string, Json>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
