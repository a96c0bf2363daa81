/** Requests that are judged by those before them. */
const judges = 8;
/** How many times longer than usual a request may take before another one is asked for the rest. */
const patience = 3;
const leastPatience = 1000;
/** Milliseconds that a body may stop for at least, and bytes that others got meanwhile. */
const leastSilence = 250;
const othersGot = 8 << 20;
const lookEvery = 100;

/** One request as it is watched. */
export interface Paced {
  /** Aborted when the caller's is, or when the request is lost. */
  readonly signal: AbortSignal;
  readonly isLost: boolean;
  /** So many bytes more of its body are here. */
  came(bytes: number): void;
}

/**
 * Finds requests that a server has forgotten while it answers others, and connections that have stopped: a file is hashed in order, so that one such
 * range holds up all that came after it. What is slow for all alike is left alone.
 */
export class Pace {
  /** Milliseconds that the last requests took. */
  readonly #recent: number[] = [];
  readonly #now: () => number;
  /** Bytes of all requests. */
  #came = 0;

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Runs `work`, and ends it when it takes far longer than others of its kind lately, or gets nothing more while they do. */
  async run<T>(work: (request: Paced) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const began = this.#now();
    const stop = new AbortController();
    const last = { look: began, at: 0, before: 0 };
    const request = {
      signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal,
      isLost: false,
      came: (bytes: number) => {
        this.#came += bytes;
        Object.assign(last, { at: this.#now(), before: this.#came });
      },
    };
    const timer = setInterval(() => {
      const now = this.#now();
      // This thread was busy: what came meanwhile was not read yet.
      const wasBusy = now - last.look > 2 * lookEvery;
      last.look = now;
      if (wasBusy) last.at &&= now;
      else if (this.#isTooLong(now - began) || this.#isSilent(now, last)) {
        request.isLost = true;
        stop.abort();
      }
    }, lookEvery);
    try {
      const result = await work(request);
      this.#note(this.#now() - began);
      return result;
    } finally {
      clearInterval(timer);
    }
  }

  #isTooLong(took: number): boolean {
    const usual = this.#usual();
    return usual !== undefined && took >= Math.max(leastPatience, patience * usual);
  }

  /** Before the first byte it may be waiting for its turn. */
  #isSilent(now: number, { at, before }: { readonly at: number; readonly before: number }): boolean {
    const usual = this.#usual();
    if (usual === undefined || at === 0) return false;
    return now - at >= Math.max(leastSilence, usual) && this.#came - before >= othersGot;
  }

  #usual(): number | undefined {
    if (this.#recent.length < judges) return undefined;
    return [...this.#recent].sort((a, b) => a - b)[judges >> 1];
  }

  #note(duration: number): void {
    this.#recent.push(duration);
    if (this.#recent.length > judges) this.#recent.shift();
  }
}
