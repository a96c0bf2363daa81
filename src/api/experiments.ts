import { call, type Place } from "./call.ts";
import type * as p from "./pipeline-reports.ts";

/** Runs of the pipeline with other parameters, each a commit without a branch. */
export class Experiments {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  /** One experiment for each combination: `{"train.lr": [0.1, 0.01]}` are two. */
  async run(
    params: Readonly<Record<string, string | number | boolean | readonly (string | number | boolean)[]>>,
    options: {
      readonly stages?: readonly string[];
      readonly name?: string;
      readonly jobs?: number;
      readonly force?: boolean;
    } = {},
  ): Promise<readonly p.ExperimentReport[]> {
    const { stages = [], jobs, ...rest } = options;
    const set = Object.entries(params).map(
      ([name, value]) =>
        `${name}=${[value]
          .flat()
          .map((one) => JSON.stringify(one))
          .join(",")}`,
    );
    const number = jobs === undefined ? {} : { jobs: String(jobs) };
    const { run } = await import("../commands/exp/run.ts");
    return (await call(this.#place, run, { args: stages, options: { ...rest, ...number, set } })).experiments;
  }

  async list(): Promise<readonly p.Experiment[]> {
    return (await call(this.#place, (await import("../commands/exp/list.ts")).list)).experiments;
  }

  /** Puts an experiment's files into the worktree. @returns their paths. */
  async apply(name: string, options: { readonly force?: boolean } = {}): Promise<readonly string[]> {
    const { apply } = await import("../commands/exp/apply.ts");
    return (await call(this.#place, apply, { args: [name], options })).paths;
  }

  async remove(names: readonly string[]): Promise<readonly { readonly name: string; readonly commit: string }[]> {
    const { rm } = await import("../commands/exp/list.ts");
    return (await call(this.#place, rm, { args: names })).removed;
  }
}
