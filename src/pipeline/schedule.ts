import type { Graph } from "./graph.ts";

/** How a stage ended: `blocked` when one that it needs failed, `stopped` when nothing new was begun any more. */
export type Ending = "done" | "failed" | "blocked" | "stopped";

export interface ScheduleOptions {
  /** Stages at a time. */
  readonly jobs: number;
  /** Go on with what does not need a failed stage. */
  readonly keepGoing: boolean;
  readonly signal: AbortSignal;
  /** Works on one stage, after all that it needs. False: it failed. An exception ends everything, after what is under way. */
  work(name: string): Promise<boolean>;
}

/** Works on the chosen stages, each after those of its inputs, several at a time. */
export async function schedule(
  graph: Graph,
  names: readonly string[],
  options: ScheduleOptions,
): Promise<Map<string, Ending>> {
  const run = new Schedule(graph, names, options);
  await Promise.all(Array.from({ length: Math.max(1, options.jobs) }, () => run.lane()));
  return run.finish();
}

class Schedule {
  readonly #graph: Graph;
  readonly #options: ScheduleOptions;
  readonly #chosen: ReadonlySet<string>;
  readonly #endings = new Map<string, Ending>();
  readonly #waiting: Map<string, number>;
  /** Sorted by the order of the graph, so that one lane does them in that order. */
  readonly #ready: string[];
  readonly #names: readonly string[];
  #underWay = 0;
  #stop = false;
  #wake: (() => void)[] = [];
  #error: { readonly thrown: unknown } | undefined;

  constructor(graph: Graph, names: readonly string[], options: ScheduleOptions) {
    this.#graph = graph;
    this.#options = options;
    this.#names = names;
    this.#chosen = new Set(names);
    this.#waiting = new Map(names.map((name) => [name, this.#needs(name).length]));
    this.#ready = names.filter((name) => this.#waiting.get(name) === 0);
  }

  /** Takes stages one after the other until there are none left to begin. */
  async lane(): Promise<void> {
    for (;;) {
      const name = this.#stopped() ? undefined : this.#ready.shift();
      if (name !== undefined) await this.#doOne(name);
      else if (this.#underWay === 0 || this.#stopped()) return;
      else await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  finish(): Map<string, Ending> {
    if (this.#error) throw this.#error.thrown;
    const ended = this.#names.map((name) => [name, this.#endings.get(name) ?? "stopped"] as const);
    return new Map(ended);
  }

  async #doOne(name: string): Promise<void> {
    this.#underWay += 1;
    try {
      const good = await this.#options.work(name);
      this.#endings.set(name, good ? "done" : "failed");
      if (good) this.#release(name);
      else this.#block(name);
      if (!good && !this.#options.keepGoing) this.#stop = true;
    } catch (thrown) {
      this.#error ??= { thrown };
      this.#stop = true;
    } finally {
      this.#underWay -= 1;
      for (const wake of this.#wake.splice(0)) wake();
    }
  }

  #release(name: string): void {
    for (const next of this.#dependents(name)) {
      const left = (this.#waiting.get(next) ?? 0) - 1;
      this.#waiting.set(next, left);
      if (left === 0) this.#ready.push(next);
    }
  }

  #block(name: string): void {
    for (const next of this.#dependents(name)) {
      if (this.#endings.has(next)) continue;
      this.#endings.set(next, "blocked");
      this.#block(next);
    }
  }

  #stopped(): boolean {
    return this.#stop || this.#options.signal.aborted;
  }

  #needs(name: string): string[] {
    return (this.#graph.upstream.get(name) ?? []).filter((one) => this.#chosen.has(one));
  }

  #dependents(name: string): string[] {
    return (this.#graph.downstream.get(name) ?? []).filter((one) => this.#chosen.has(one));
  }
}
