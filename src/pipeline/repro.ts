import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import { type DecideTools, decide, type Verdict } from "./decide.ts";
import type { Graph } from "./graph.ts";
import type { Parameters } from "./parameters.ts";
import { reuseRun, runStage } from "./run-stage.ts";
import { type Ending, schedule } from "./schedule.ts";
import type { Shop } from "./shop.ts";
import type { Stage } from "./stage.ts";
import { currentOutputs, gatherFacts } from "./stage-facts.ts";

export interface ReproOptions {
  readonly jobs: number;
  readonly keepGoing: boolean;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly canRestore: DecideTools["canRestore"];
  readonly parameters: Parameters;
  /** Told when it is known what is to be done for a stage. */
  onVerdict(stage: string, action: StageReport["action"], reasons: readonly string[]): void;
}

export interface StageReport {
  readonly stage: string;
  /** `waits`: what is to be done depends on outputs that are not there yet (with --dry-run). */
  readonly action: Verdict["action"] | "frozen" | "waits" | "none";
  readonly reasons: readonly string[];
  readonly ending: Ending;
  readonly problem?: string;
}

/** Brings stages up to date. Errors of one stage are in its report; those of the disk, and Ctrl-C, end all. */
export async function reproduce(
  graph: Graph,
  names: readonly string[],
  { shop, options }: { readonly shop: Shop; readonly options: ReproOptions },
): Promise<StageReport[]> {
  const reports = new Map<string, Omit<StageReport, "ending">>();
  const worker = new Worker(graph, { shop, options, reports });
  const endings = await schedule(graph, names, { ...options, signal: shop.signal, work: (name) => worker.work(name) });
  return names.map((stage) => {
    const report = reports.get(stage) ?? { stage, action: "none" as const, reasons: [] };
    return { ...report, ending: endings.get(stage) ?? "stopped" };
  });
}

interface WorkerParts {
  readonly shop: Shop;
  readonly options: ReproOptions;
  readonly reports: Map<string, Omit<StageReport, "ending">>;
}

class Worker {
  readonly #graph: Graph;
  readonly #parts: WorkerParts;

  constructor(graph: Graph, parts: WorkerParts) {
    this.#graph = graph;
    this.#parts = parts;
  }

  /** False when the stage failed. */
  async work(name: string): Promise<boolean> {
    const stage = this.#graph.stages.get(name) as Stage;
    try {
      const problem = await this.#bringUpToDate(stage);
      if (problem !== undefined) this.#fail(name, problem);
      return problem === undefined;
    } catch (error) {
      if (!isMlgitError(error) || ["disk", "interrupted", "internal"].includes(error.kind)) throw error;
      // Whoever shows it says whose problem it is.
      const message = error.message.replace(`stage ${name}: `, "");
      this.#fail(name, error.hint === undefined ? message : `${message}; ${error.hint}`);
      return false;
    }
  }

  async #bringUpToDate(stage: Stage): Promise<string | undefined> {
    const { shop, options } = this.#parts;
    if (stage.frozen) return this.#report(stage, "frozen", ["it is frozen"]);
    const waitsFor = options.dryRun ? this.#pending(stage) : [];
    if (waitsFor.length > 0) return this.#report(stage, "waits", [`it depends on ${waitsFor.join(", ")}`]);
    const factsNow = () => gatherFacts(stage, { artifacts: shop.artifacts, parameters: options.parameters });
    const facts = await factsNow();
    const before = currentOutputs(stage, shop.artifacts);
    const verdict = await decide(stage, { facts, outputs: before }, { ...shop, ...options });
    this.#report(stage, verdict.action, verdict.reasons);
    if (options.dryRun || verdict.action === "fresh") return undefined;
    const run = { stage, facts, factsNow, before };
    if (verdict.action !== "reuse") return runStage(run, shop);
    await reuseRun(run, verdict.record, shop);
    return undefined;
  }

  /** With --dry-run: stages before this one whose outputs would be others. */
  #pending(stage: Stage): string[] {
    const makers = this.#graph.upstream.get(stage.name) ?? [];
    return makers.filter((name) => ["run", "reuse", "waits"].includes(this.#parts.reports.get(name)?.action ?? ""));
  }

  #report(stage: Stage, action: StageReport["action"], reasons: readonly string[]): undefined {
    this.#parts.reports.set(stage.name, { stage: stage.name, action, reasons });
    this.#parts.options.onVerdict(stage.name, action, reasons);
  }

  #fail(name: string, problem: string): void {
    const report = this.#parts.reports.get(name) ?? { stage: name, action: "none" as const, reasons: [] };
    this.#parts.reports.set(name, { ...report, problem });
  }
}

/** What a command says when it was stopped in the middle. */
export function interrupted(): MlgitError {
  return new MlgitError("interrupted", "stopped; outputs are those from before, or complete new ones", {
    hint: "git mlgit repro goes on where this ended",
  });
}
