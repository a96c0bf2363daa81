import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { notCut } from "../chunk/region-cutter.ts";
import { RegionSlab } from "../chunk/region-slab.ts";
import { hasWorker, tryWorker, workerScript } from "../util/worker-script.ts";
import type { CutAnswer, CutOrder, SlabOrder } from "./cut-worker.ts";

/** One finds the ends of more than the thread that packs can take. */
const mostThreads = 2;
/** Orders that a thread has before it answers: it must never wait. */
const ahead = 3;
const resourceLimits = { maxYoungGenerationSizeMb: 2 };

/** A region in a slab, which is the caller's until it lets go of it. */
export interface CutRegion extends CutAnswer {
  readonly slab: RegionSlab;
  release(): void;
}

/** Who puts regions into slabs, and may cut them. */
export interface RegionSource {
  cut(order: CutOrder): Promise<CutRegion>;
}

interface NumberedSlab {
  readonly number: number;
  readonly slab: RegionSlab;
}

/**
 * Threads that read files, find out where their chunks end and hash these: more than half of the work of a push to a folder. Their bytes are in memory that both see, so
 * that what was hashed is what is packed.
 */
export class CutCrew implements RegionSource {
  readonly #threads: CutThread[];
  readonly #free: NumberedSlab[] = [];
  readonly #most: number;
  #made = 0;

  /** Undefined where one thread has to do everything. */
  static start(): CutCrew | undefined {
    // This thread packs meanwhile.
    const threads = Math.min(availableParallelism() - 1, mostThreads);
    if (threads < 1 || !hasWorker("cut")) return undefined;
    const crew = Array.from({ length: threads }, () => CutThread.start()).flatMap((thread) => thread ?? []);
    return crew.length > 0 ? new CutCrew(crew) : undefined;
  }

  private constructor(threads: CutThread[]) {
    this.#threads = threads;
    // One is packed meanwhile.
    this.#most = ahead * threads.length + 1;
  }

  get hasRoom(): boolean {
    return (this.#free.length > 0 || this.#made < this.#most) && this.#threads.some((thread) => thread.orders < ahead);
  }

  /** To be called where there is room. Where a thread died it gives regions that were not read. */
  async cut(order: CutOrder): Promise<CutRegion> {
    const idle = this.#threads.reduce((a, b) => (b.orders < a.orders ? b : a));
    const slab = this.#free.pop() ?? { number: this.#made++, slab: new RegionSlab() };
    const answer = await idle.cut(order, slab);
    return { ...answer, slab: slab.slab, release: () => this.#free.push(slab) };
  }

  /** Nothing is read any more when it resolves. */
  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }
}

class CutThread {
  readonly #worker: Worker;
  readonly #waiting: { readonly order: CutOrder; readonly take: (answer: CutAnswer) => void }[] = [];
  readonly #knows = new Set<number>();
  #gone = false;

  static start(): CutThread | undefined {
    const worker = tryWorker(workerScript("cut"), { resourceLimits });
    return worker && new CutThread(worker);
  }

  private constructor(worker: Worker) {
    this.#worker = worker;
    this.#worker.on("message", (answer: CutAnswer) => this.#waiting.shift()?.take(answer));
    this.#worker.on("error", () => this.#giveUp());
    this.#worker.on("exit", () => this.#giveUp());
  }

  get orders(): number {
    return this.#waiting.length;
  }

  cut(order: CutOrder, { number, slab }: NumberedSlab): Promise<CutAnswer> {
    if (this.#gone) return Promise.resolve(notRead(order));
    const memory = this.#knows.has(number) ? undefined : slab.chunker.memory;
    this.#knows.add(number);
    this.#worker.postMessage({ ...order, slab: number, memory } satisfies SlabOrder);
    return new Promise((take) => this.#waiting.push({ order, take }));
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #giveUp(): void {
    this.#gone = true;
    for (const { order, take } of this.#waiting.splice(0)) take(notRead(order));
  }
}

function notRead({ last }: CutOrder): CutAnswer {
  return { cuts: notCut(last), isRead: false };
}

/** Where there are no threads, or none has room: a region at a time, all of whose work is left to the caller. */
export class NoCrew implements RegionSource {
  /** Its memory is taken when the first region comes: a push of small files has none. */
  #slab: RegionSlab | undefined;

  async cut(order: CutOrder): Promise<CutRegion> {
    this.#slab ??= new RegionSlab();
    return { ...notRead(order), slab: this.#slab, release: () => {} };
  }
}
