import { isMap } from "../../migrate/dvc-file.ts";
import { withStage } from "../../pipeline/edit-pipeline.ts";
import { buildGraph } from "../../pipeline/graph.ts";
import { parsePipeline } from "../../pipeline/parse-pipeline.ts";
import { toStage } from "../../pipeline/pipeline-schema.ts";
import { pipelineFile, type Stage } from "../../pipeline/stage.ts";
import { stagePath } from "../../pipeline/stage-path.ts";
import type { DvcPipeline } from "./dvc-project.ts";
import { sortByTemplate } from "./dvc-template.ts";
import type { Problem } from "./report.ts";

type Body = Readonly<Record<string, unknown>>;

export interface ConvertedStages {
  /** The new text of mlgit.yaml; undefined when nothing was added. */
  readonly text: string | undefined;
  readonly added: readonly string[];
  /** Outputs that are small files in git, as metrics are here. */
  readonly plain: ReadonlySet<string>;
  /** Folders (`/`-ended) whose dvc.yaml was carried over as a whole. */
  readonly done: readonly string[];
  readonly problems: readonly Problem[];
}

/**
 * Stages of dvc.yaml as stages of mlgit.yaml, where they mean the same there. `text`: what mlgit.yaml holds already; `tracked`: the paths that git has
 * without our pointers.
 */
export async function convertStages(
  pipelines: readonly DvcPipeline[],
  { text, tracked }: { readonly text: string; readonly tracked: ReadonlySet<string> },
): Promise<ConvertedStages> {
  const problems: Problem[] = [];
  const known = new Map((await parsePipeline(text)).stages.map((stage) => [stage.name, stage]));
  const added: Stage[] = [];
  const done: string[] = [];
  for (const pipeline of pipelines) {
    const before = problems.length;
    for (const key of pipeline.others.filter((one) => one !== "params"))
      problems.push({ path: `${pipeline.folder}dvc.yaml`, reason: `"${key}" has no place in ${pipelineFile}` });
    for (const [name, body] of stagesOf(pipeline)) {
      const converter = new StageConverter({ name, pipeline, tracked });
      const stage = await converter.convert(body);
      const other = known.get(name);
      if (stage && other && JSON.stringify(other) !== JSON.stringify(stage))
        converter.blame(`${pipelineFile} has another stage of that name already`);
      problems.push(...converter.problems);
      if (!stage || other) continue;
      known.set(name, stage);
      added.push(stage);
    }
    if (problems.length === before) done.push(pipeline.folder);
  }
  let next = text;
  for (const stage of added) next = await withStage(next, stage);
  const parsed = await parsePipeline(next);
  const faults = [...parsed.problems, ...buildGraph(parsed.stages).problems];
  if (faults.length > 0) {
    const all = faults.map(({ stage, message }) => ({ path: pipelineFile, reason: `${stage}: ${message}` }));
    return { text: undefined, added: [], plain: new Set(), done: [], problems: [...problems, ...all] };
  }
  const plain = added.flatMap(({ outputs }) =>
    outputs.filter(({ kind }) => kind === "metrics").map(({ path }) => path),
  );
  return {
    text: next === text ? undefined : next,
    added: added.map(({ name }) => name),
    plain: new Set(plain),
    done,
    problems,
  };
}

/** What stands in dvc.yaml; of a templated stage what dvc.lock says that it came to. */
function stagesOf({ stages, locked }: DvcPipeline): [string, unknown][] {
  return Object.entries(stages).flatMap(([name, body]): [string, unknown][] => {
    if (!isTemplate(body)) return [[name, body]];
    const resolved = Object.entries(locked).filter(([key]) => key === name || key.startsWith(`${name}@`));
    return resolved.length === 0
      ? [[name, body]]
      : resolved.map(([key, value]) => [key, { ...asMap(value), templated: body }]);
  });
}

function isTemplate(body: unknown): boolean {
  return isMap(body) && ("foreach" in body || "matrix" in body || JSON.stringify(body).includes("${"));
}

const understood = new Set([
  "cmd",
  "wdir",
  "deps",
  "params",
  "outs",
  "metrics",
  "plots",
  "frozen",
  "always_changed",
  "desc",
  "templated",
]);

class StageConverter {
  readonly problems: Problem[] = [];
  readonly #name: string;
  readonly #file: string;
  readonly #folder: string;
  readonly #tracked: ReadonlySet<string>;

  constructor({ name, pipeline, tracked }: { name: string; pipeline: DvcPipeline; tracked: ReadonlySet<string> }) {
    this.#name = name;
    this.#file = `${pipeline.folder}dvc.yaml`;
    this.#folder = pipeline.folder;
    this.#tracked = tracked;
  }

  blame(reason: string): void {
    this.problems.push({ path: this.#file, reason: `stage ${this.#name}: ${reason}` });
  }

  async convert(body: unknown): Promise<Stage | undefined> {
    const given = asMap(body);
    if (isTemplate(given) && !("templated" in given))
      return this.#refuse("is a template that dvc.lock has no result of");
    if ("templated" in given) this.blame("is a template; taken over as dvc.lock has it");
    for (const key of Object.keys(given)) if (!understood.has(key)) this.blame(`"${key}" is not carried over`);
    const template = asMap(given.templated);
    // What is run and made dvc.lock says, and how only the template.
    const written = { ...asMap(template.do), ...template, ...given };
    const wdir = `${this.#folder}${String(written.wdir ?? ".")}`;
    const makes =
      "templated" in given
        ? sortByTemplate(
            namesOf(given.outs).map(([name]) => name),
            template,
            namesOf,
          )
        : given;
    const outputs = [...this.#outputs(makes.outs, wdir), ...this.#outputs(makes.plots, wdir)];
    if (Array.isArray(makes.plots) && makes.plots.length > 0) this.blame("its plots are outputs only");
    const metrics = this.#outputs(makes.metrics, wdir).map(({ path }) => path);
    const kept = (wanted: boolean) => outputs.filter((one) => one.isKept === wanted).map(({ path }) => path);
    const converted = {
      cmd: commandOf(given.cmd),
      wdir: stagePath(wdir) ?? "",
      deps: namesOf(given.deps).map(([path]) => this.#path(path, wdir)),
      params: this.#params(given.params, wdir),
      outs: kept(true),
      "outs-not-kept": kept(false),
      metrics,
      ...(written.frozen === true ? { frozen: true } : {}),
      ...(written.always_changed === true ? { always: true } : {}),
    };
    const { stage, faults } = await toStage(this.#name, converted);
    for (const { message } of faults) this.blame(message);
    return stage;
  }

  #refuse(reason: string): undefined {
    this.blame(reason);
  }

  #outputs(list: unknown, wdir: string): { readonly path: string; readonly isKept: boolean }[] {
    return namesOf(list).map(([name, flags]) => {
      if (flags.persist === true)
        this.blame(`${name}: "persist" is not carried over; outputs stay until new ones exist`);
      if (flags.remote !== undefined) this.blame(`${name}: a remote of its own is not carried over`);
      const path = this.#path(name, wdir);
      // What is in git itself DVC does not keep, whatever a template made of the flags.
      return { path, isKept: flags.cache !== false && !this.#tracked.has(path) };
    });
  }

  #params(list: unknown, wdir: string): string[] {
    if (!Array.isArray(list) && isMap(list)) return this.#lockedParams(list, wdir);
    return namesOf(list).flatMap(([name, names]) => {
      if (Array.isArray(names.list)) return names.list.map((one) => `${this.#path(name, wdir)}:${one}`);
      if (names.isWhole === true) return [`${this.#path(name, wdir)}:`];
      return [`${this.#path("params.yaml", wdir)}:${name}`];
    });
  }

  /** dvc.lock has `<file>: {<name>: <value>}`. */
  #lockedParams(files: Body, wdir: string): string[] {
    return Object.entries(files).flatMap(([file, values]) =>
      Object.keys(asMap(values)).map((name) => `${this.#path(file, wdir)}:${name}`),
    );
  }

  #path(text: string, wdir: string): string {
    const isElsewhere = /^(\/|[a-z][a-z0-9+]*:\/\/)/i.test(text);
    return (isElsewhere ? undefined : stagePath(`${wdir}/${text}`)) ?? text;
  }
}

/** DVC runs several commands one after the other, each in a shell of its own, until one fails. */
function commandOf(cmd: unknown): unknown {
  if (!Array.isArray(cmd)) return cmd;
  return cmd.length === 1 ? cmd[0] : cmd.map((line) => `(\n${line}\n)`).join(" && ");
}

/** Entries of a list: `name`, `name: {flag: …}`, `name: [a, b]`, `name:` with nothing, or dvc.lock's `{path: name, …}`. */
function namesOf(list: unknown): [string, Body][] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((one): [string, Body][] => {
    if (typeof one === "string") return [[one, {}]];
    if (!isMap(one)) return [];
    if (typeof one.path === "string") return [[one.path, {}]];
    return Object.entries(one).map(([name, value]) => {
      if (Array.isArray(value)) return [name, { list: value }];
      return [name, value === null ? { isWhole: true } : asMap(value)];
    });
  });
}

function asMap(value: unknown): Body {
  return isMap(value) ? value : {};
}
