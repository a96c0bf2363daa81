import { createHash } from "node:crypto";
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MlgitError } from "../../error/mlgit-error.ts";
import { buildGraph, type Graph } from "../../pipeline/graph.ts";
import { pipelineFile, type Stage } from "../../pipeline/stage.ts";
import { makeFolder, writeDurable } from "../../util/durable.ts";

/** Where this worktree's pipeline keeps what is throw-away or in the middle of something. */
export function pipelineFolder(gitDir: string): string {
  return join(gitDir, "mlgit-pipeline");
}

/** A small text file of the worktree; undefined where there is none. @throws MlgitError kind `refused` for a symlink or something large. */
export function readSmallFile(top: string, path: string): string | undefined {
  const file = join(top, path);
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (stat.isFile() && stat.size <= limit) return readFileSync(file, "utf8");
  throw new MlgitError("refused", `${path} is no plain file of less than 64 MiB and is not read`, { path });
}

const limit = 64 * 1024 * 1024;

/** The stages of the worktree as a sound graph; empty without mlgit.yaml. @throws MlgitError kind `setup` that names every fault. */
export async function openPipeline(workTree: string, gitDir: string): Promise<Graph> {
  const text = readSmallFile(workTree, pipelineFile);
  if (text === undefined) return buildGraph([]).graph;
  const kept = join(pipelineFolder(gitDir), "parsed.json");
  const hash = createHash("sha256").update(`${format}${text}`).digest("hex");
  // Parsing takes far longer than all the rest of a command that finds nothing to do.
  const known = readKept(kept, hash);
  if (known) return buildGraph(known).graph;
  const graph = await parseGraph(text);
  makeFolder(pipelineFolder(gitDir));
  writeDurable(kept, JSON.stringify({ hash, stages: [...graph.stages.values()] }));
  return graph;
}

/** To be raised when `Stage` changes. */
const format = "2\n";

/** @throws MlgitError kind `setup` that names every fault. */
export async function parseGraph(text: string): Promise<Graph> {
  const { assertSound, parsePipeline } = await import("../../pipeline/parse-pipeline.ts");
  const { stages, problems, lineOf } = await parsePipeline(text);
  assertSound(problems);
  const built = buildGraph(stages, lineOf);
  assertSound(built.problems);
  return built.graph;
}

function readKept(file: string, hash: string): readonly Stage[] | undefined {
  try {
    const kept = JSON.parse(readFileSync(file, "utf8")) as { hash: string; stages: readonly Stage[] };
    return kept.hash === hash ? kept.stages : undefined;
  } catch {
    // Not there yet, or damaged: the text is parsed.
    return undefined;
  }
}
