import { isBusyError } from "./backend-error.ts";

export interface AdaptiveOptions {
  readonly start: number;
  readonly most: number;
  /** Milliseconds. */
  readonly now?: () => number;
}

/** How much faster a wider step has to be to be worth its connections. */
const worthIt = 1.1;
/** Steps for which a width that turned out best, or one after a SlowDown, is kept before a wider one is tried again. */
const rest = 8;

/**
 * Lets requests that carry bodies run side by side: as many as make the line faster. Each step takes as many requests as run at once; while a wider
 * step is faster, the next is wider still, else it goes back. A server that asks to slow down halves the width.
 */
export class AdaptiveLimit {
  readonly #most: number;
  readonly #now: () => number;
  readonly #waiting: (() => void)[] = [];
  #width: number;
  #running = 0;
  /** Of the step under way: when it began, what came through, and whether all of the width was used. */
  #step = { began: 0, bytes: 0, ended: 0, full: true };
  #best = { width: 0, rate: 0 };
  #resting = 0;
  /** Requests that were under way when the server asked to slow down say no more than the first. */
  #deaf = 0;

  constructor({ start, most, now = () => performance.now() }: AdaptiveOptions) {
    this.#width = start;
    this.#most = most;
    this.#now = now;
  }

  /** How many may run at once now. */
  get width(): number {
    return this.#width;
  }

  /** Runs `work`, which moves so many bytes, when it is its turn. */
  async run<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#width) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    if (this.#step.began === 0) this.#begin();
    try {
      const result = await work();
      this.#count(bytes);
      return result;
    } catch (error) {
      if (isBusyError(error)) this.#slowDown();
      throw error;
    } finally {
      this.#deaf = Math.max(0, this.#deaf - 1);
      this.#running--;
      this.#next();
    }
  }

  #next(): void {
    while (this.#running < this.#width) {
      const turn = this.#waiting.shift();
      // Nobody waits: what is measured now is the caller's speed, not the line's.
      if (!turn) this.#step.full = false;
      if (!turn) return;
      this.#running++;
      turn();
    }
  }

  #begin(): void {
    this.#step = { began: this.#now(), bytes: 0, ended: 0, full: true };
  }

  #count(bytes: number): void {
    this.#step.bytes += bytes;
    if (++this.#step.ended < this.#width) return;
    const rate = this.#step.bytes / Math.max(1, this.#now() - this.#step.began);
    if (this.#step.full) this.#judge(rate);
    this.#begin();
  }

  #judge(rate: number): void {
    if (this.#resting > 0) {
      // A line changes: what it carried long ago is no measure.
      if (--this.#resting === 0) this.#best = { width: this.#width, rate };
      if (this.#resting === 0) this.#widen();
    } else if (rate > this.#best.rate * worthIt) {
      this.#best = { width: this.#width, rate };
      this.#widen();
    } else {
      this.#width = Math.min(this.#width, Math.max(1, this.#best.width));
      this.#resting = rest;
    }
  }

  #widen(): void {
    this.#width = Math.min(this.#most, this.#width + Math.ceil(this.#width / 2));
  }

  #slowDown(): void {
    if (this.#deaf > 0) return;
    this.#deaf = this.#running;
    this.#width = Math.max(1, this.#width >> 1);
    this.#resting = rest;
    this.#begin();
  }
}
