import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import type { RegionCuts } from "../chunk/region-cutter.ts";
import { hasWorker, tryWorker, workerScript } from "../util/worker-script.ts";
import type { CutOrder } from "./cut-worker.ts";

/** One finds the ends of more than the thread that packs can take. */
const mostThreads = 2;
/** Orders that a thread has before it answers: it must never wait. */
const ahead = 3;
const resourceLimits = { maxYoungGenerationSizeMb: 2 };

/**
 * Threads that find out where the chunks of files end: a third of the work of a push to a folder. The bytes do not come from them: handing over memory costs more than reading
 * the page cache twice.
 */
export class CutCrew {
  readonly #threads: CutThread[];

  /** Undefined where one thread has to do everything. */
  static start(): CutCrew | undefined {
    // This thread hashes and packs meanwhile.
    const threads = Math.min(availableParallelism() - 1, mostThreads);
    if (threads < 1 || !hasWorker("cut")) return undefined;
    const crew = Array.from({ length: threads }, () => CutThread.start()).flatMap((thread) => thread ?? []);
    return crew.length > 0 ? new CutCrew(crew) : undefined;
  }

  private constructor(threads: CutThread[]) {
    this.#threads = threads;
  }

  get hasRoom(): boolean {
    return this.#threads.some((thread) => thread.orders < ahead);
  }

  /** Where a thread died there are no cuts to be had from it. */
  cut(order: CutOrder): Promise<RegionCuts> {
    const idle = this.#threads.reduce((a, b) => (b.orders < a.orders ? b : a));
    return idle.cut(order);
  }

  /** Nothing is read any more when it resolves. */
  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }
}

class CutThread {
  readonly #worker: Worker;
  readonly #waiting: { readonly order: CutOrder; readonly take: (cuts: RegionCuts) => void }[] = [];
  #gone = false;

  static start(): CutThread | undefined {
    const worker = tryWorker(workerScript("cut"), { resourceLimits });
    return worker && new CutThread(worker);
  }

  private constructor(worker: Worker) {
    this.#worker = worker;
    this.#worker.on("message", (cuts: RegionCuts) => this.#waiting.shift()?.take(cuts));
    this.#worker.on("error", () => this.#giveUp());
    this.#worker.on("exit", () => this.#giveUp());
  }

  get orders(): number {
    return this.#waiting.length;
  }

  cut(order: CutOrder): Promise<RegionCuts> {
    if (this.#gone) return Promise.resolve(notCut(order));
    this.#worker.postMessage(order);
    return new Promise((take) => this.#waiting.push({ order, take }));
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #giveUp(): void {
    this.#gone = true;
    for (const { order, take } of this.#waiting.splice(0)) take(notCut(order));
  }
}

/** Of a region that nobody cut. */
export function notCut({ last }: CutOrder): RegionCuts {
  return { ends: new Uint32Array(0), last };
}
