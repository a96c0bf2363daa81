import { MlgitError } from "../../error/mlgit-error.ts";
import { readEnvironments, readLibraries } from "../../lineage/environment.ts";
import type { Artifact, Direction, Trace } from "../../lineage/trace.ts";
import type { Context, OptionSpec, Options } from "../command.ts";
import { countOption } from "./count-option.ts";
import { drawTrace } from "./draw-trace.ts";
import { findSubject } from "./find-artifacts.ts";
import { findRun, type NamedRun } from "./find-run.ts";
import { type Lineage, openLineage } from "./open-lineage.ts";
import { describeFully } from "./show-run.ts";

export const showOptions: readonly OptionSpec[] = [
  { flags: "--up", description: "what it was made from (the default)" },
  { flags: "--down", description: "what was made from it" },
  { flags: "--libraries", description: "of a run also every library that its probes found" },
  { flags: "--depth <runs>", description: "so many runs deep; default: all" },
];

/** Answers how something was made, and what was made from it. */
export async function show(context: Context, [word]: readonly string[], options: Options) {
  if (word === undefined)
    throw new MlgitError("usage", "what is the question about?", {
      hint: "git mlgit lineage <file>|<revision>:<path>|<entity>@<version>|<oid>|<run>",
    });
  const lineage = await openLineage(context);
  const subject = await findSubject(word, lineage.repository, lineage.index);
  const run = "run" in subject ? await findRun(subject.run, lineage) : undefined;
  const depth = countOption("--depth", options.depth);
  const directions: Direction[] = options.down === true ? (options.up === true ? ["up", "down"] : ["down"]) : ["up"];
  const traces: Trace[] = [];
  for (const direction of directions)
    traces.push(await lineage.trace(rootsOf(subject, run, direction), direction, depth));
  const data = { subject: word, ...(run ? { run: await runData(run, lineage) } : {}) };
  const texts = traces.map((one) => drawTrace(onlyKnown(one), lineage.marks) + (run ? "" : ifUnknown(one)));
  const about = run ? [await describeFully(run, lineage.repository, { libraries: options.libraries === true })] : [];
  const found = await Promise.all(traces.map(async (one) => [one.direction, await traceData(one, lineage)] as const));
  return { text: [...about, ...texts].join("\n\n"), data: { ...data, ...Object.fromEntries(found) } };
}

function rootsOf(subject: object, run: NamedRun | undefined, direction: Direction): readonly Artifact[] {
  if (run) return direction === "up" ? run.record.in : run.record.out;
  return (subject as { artifacts: readonly Artifact[] }).artifacts;
}

/** Of a version's many files those that no run knows say nothing. */
function onlyKnown(trace: Trace): Trace {
  const known = trace.roots.filter(({ oid }) => (trace.links.get(oid) ?? []).length > 0);
  return known.length > 0 && trace.roots.length > 1 ? { ...trace, roots: known } : trace;
}

/** A bare name says nothing to whoever does not know that there could be more. */
function ifUnknown({ direction, runs }: Trace): string {
  if (runs.size > 0) return "";
  return direction === "up"
    ? "\nno run that is known here made it: git mlgit run and git mlgit repro leave records"
    : "\nno run that is known here used it";
}

/** One run for programs, with the versions that its probes found. */
async function runData({ id, record }: NamedRun, { repository }: Lineage) {
  const [environment = {}] = await readLibraries([record], repository);
  return { id, ...record, environment };
}

/** Runs for programs, each with its environment. */
export async function toData(runs: readonly NamedRun[], { repository }: Lineage) {
  const environments = await readEnvironments(
    runs.map(({ record }) => record),
    repository,
  );
  return runs.map(({ id, record }, i) => ({ id, ...record, environment: environments[i] ?? {} }));
}

async function traceData({ roots, links, runs }: Trace, lineage: Lineage) {
  const oids = new Set(
    [...roots, ...[...runs.values()].flatMap((run) => [...run.in, ...run.out])].map(({ oid }) => oid),
  );
  const marks = [...lineage.marks.values()].flat().filter(({ record }) => oids.has(record.of));
  return {
    roots,
    runs: await toData(
      [...runs].map(([id, record]) => ({ id, record })),
      lineage,
    ),
    links: Object.fromEntries([...links].filter(([, ids]) => ids.length > 0)),
    marks: marks.map(({ id, record }) => ({ id, ...record })),
  };
}
