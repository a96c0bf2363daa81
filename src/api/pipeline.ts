import { type CallOptions, call, type Place, type Runnable } from "./call.ts";
import { Experiments } from "./experiments.ts";
import type * as p from "./pipeline-reports.ts";

/** The stages of `mlgit.yaml`, their parameters and metrics. */
export class Pipeline {
  readonly experiments: Experiments;
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
    this.experiments = new Experiments(place);
  }

  /** Runs a command as a stage: written to `mlgit.yaml`, outputs kept, the run recorded. A stage that fails is in the report. */
  async run(command: readonly string[], options: p.StageOptions = {}): Promise<p.StageReport> {
    const { deps, outs, outsNotKept, ...rest } = options;
    const { stages } = await this.#call((await import("../commands/run.ts")).command, {
      args: command,
      options: { ...rest, dep: deps, out: outs, outNotKept: outsNotKept },
    });
    return stages[0] as p.StageReport;
  }

  /** Brings stages, with all they need, up to date. */
  async repro(stages: readonly string[] = [], options: p.ReproOptions = {}): Promise<readonly p.StageReport[]> {
    const { jobs, ...rest } = options;
    const { command } = await import("../commands/repro.ts");
    const found = await this.#call(command, {
      args: stages,
      options: { ...rest, ...(jobs === undefined ? {} : { jobs: String(jobs) }) },
    });
    return found.stages;
  }

  /** Parameters of commits, branches, tags or experiments; default: of the worktree. */
  async params(
    ...versions: string[]
  ): Promise<readonly { readonly label: string; readonly values: readonly p.NamedValue[] }[]> {
    return this.#values("params", versions);
  }

  async metrics(
    ...versions: string[]
  ): Promise<readonly { readonly label: string; readonly values: readonly p.NamedValue[] }[]> {
    return this.#values("metrics", versions);
  }

  /** What differs in parameters or metrics between two versions. Default: HEAD and the worktree. */
  async diff(
    kind: "params" | "metrics",
    from?: string,
    to?: string,
    options: { readonly all?: boolean } = {},
  ): Promise<readonly p.ValueChange[]> {
    const { diffAction } = await import("../commands/pipeline/value-actions.ts");
    const args = [from ?? "HEAD", ...(to === undefined ? [] : [to])];
    return (await this.#call(diffAction(kind), { args, options })).changes;
  }

  async #values(kind: "params" | "metrics", versions: readonly string[]) {
    const { showAction } = await import("../commands/pipeline/value-actions.ts");
    return (await this.#call(showAction(kind), { args: versions })).versions;
  }

  #call<C extends Runnable>(command: C, options?: CallOptions) {
    return call(this.#place, command, options);
  }
}
