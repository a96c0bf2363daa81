import { SpecText } from "../entity/spec-text.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { toProbes, toStage } from "./pipeline-schema.ts";
import { joinProbes } from "./probe-list.ts";
import { pipelineFile, type Stage } from "./stage.ts";

export interface PipelineProblem {
  /** The stage it is about; empty when it is the file. */
  readonly stage: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface ParsedPipeline {
  /** In the order of the file. Empty when there are problems. */
  readonly stages: readonly Stage[];
  readonly problems: readonly PipelineProblem[];
  /** The line of a value; for messages about stages that follow the schema. */
  lineOf(keys: readonly string[]): number;
}

/** Reads the text of mlgit.yaml. Never throws: what is wrong is in `problems`, all of it. */
export async function parsePipeline(text: string): Promise<ParsedPipeline> {
  const source = new SpecText(text);
  const problems: PipelineProblem[] = source.faults.map(({ line, message }) => ({ stage: "", line, message }));
  const lineOf = (keys: readonly string[]) => source.lineOf(keys);
  const found = problems.length > 0 ? {} : await readStages(source, problems);
  const stages = Object.values(found);
  return { stages: problems.length === 0 ? stages : [], problems, lineOf };
}

async function readStages(source: SpecText, problems: PipelineProblem[]): Promise<Record<string, Stage>> {
  const body = source.value([]) ?? {};
  const stages: Record<string, Stage> = {};
  const blame = (keys: readonly string[], stage: string, message: string) =>
    problems.push({ stage, line: source.lineOf(keys), message });
  if (!isMap(body)) blame([], "", 'must begin with "stages:" and hold the stages below');
  const top: Readonly<Record<string, unknown>> = isMap(body) ? body : {};
  for (const key of Object.keys(top))
    if (key !== "stages" && key !== "probes")
      blame([key], "", `${JSON.stringify(key)} is no key of this file; it has "stages" and "probes"`);
  const { probes, faults } = await toProbes(top.probes ?? undefined);
  for (const { keys, message } of faults) blame(["probes", ...keys], "", `probes: ${message}`);
  const list = top.stages ?? {};
  if (!isMap(list)) blame(["stages"], "", '"stages" must hold stages by their names');
  for (const [name, value] of Object.entries(isMap(list) ? list : {})) {
    const result = await toStage(name, value);
    for (const { keys, message } of result.faults) blame(["stages", name, ...keys], name, message);
    if (result.stage) stages[name] = { ...result.stage, probes: joinProbes(probes, result.stage.probes) };
  }
  return stages;
}

/** @throws MlgitError kind `setup` that names file, line, stage and fault of each problem. */
export function assertSound(problems: readonly PipelineProblem[]): void {
  if (problems.length === 0) return;
  throw new MlgitError("setup", problems.map(describeProblem).join("\n"), {
    path: pipelineFile,
    hint: `edit ${pipelineFile}; git mlgit help repro shows what it may hold`,
  });
}

function describeProblem({ stage, line, message }: PipelineProblem): string {
  return `${pipelineFile}:${line}: ${stage === "" ? "" : `stage ${stage}: `}${message}`;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
