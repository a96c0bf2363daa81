/** Requests that are judged by those before them. */
const judges = 8;
/** How many times longer than usual a request may take before another one is asked for the rest. */
const patience = 3;
const leastPatience = 1000;
const lookEvery = 250;

/**
 * Finds requests that a server has forgotten while it answers others: a file is hashed in order, so that one such range holds up all that came after it.
 * What is slow for all alike is left alone.
 */
export class Pace {
  /** Milliseconds that the last requests took. */
  readonly #recent: number[] = [];

  /** Runs `work`; its signal is aborted when `signal` is, or when the work takes far longer than others of its kind lately: then `lost` tells so. */
  async run<T>(
    work: (signal: AbortSignal, lost: () => boolean) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const began = performance.now();
    const stop = new AbortController();
    let lost = false;
    const timer = setInterval(() => {
      if (performance.now() - began < this.#limit()) return;
      lost = true;
      stop.abort();
    }, lookEvery);
    try {
      const result = await work(signal ? AbortSignal.any([signal, stop.signal]) : stop.signal, () => lost);
      this.#note(performance.now() - began);
      return result;
    } finally {
      clearInterval(timer);
    }
  }

  #limit(): number {
    if (this.#recent.length < judges) return Number.POSITIVE_INFINITY;
    const usual = [...this.#recent].sort((a, b) => a - b)[judges >> 1] ?? 0;
    return Math.max(leastPatience, patience * usual);
  }

  #note(duration: number): void {
    this.#recent.push(duration);
    if (this.#recent.length > judges) this.#recent.shift();
  }
}
