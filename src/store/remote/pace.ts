/** Requests that are judged by those before them. */
const judges = 8;
/** How many times longer than usual, for its length, a request may take before another one is asked for the rest. */
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

interface Seen {
  /** Milliseconds. */
  readonly took: number;
  readonly bytes: number;
}

/**
 * Finds requests that a server has forgotten while it answers others, and connections that have stopped: a file is hashed in order, so that one such
 * range holds up all that came after it. What is slow for all alike is left alone.
 */
export class Pace {
  /** What the last requests took, and brought. */
  readonly #recent: Seen[] = [];
  readonly #now: () => number;
  /** Bytes of all requests. */
  #came = 0;

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Runs `work`, which brings so many bytes, and ends it when it takes far longer than others lately, or gets nothing more while they do. */
  async run<T>(bytes: number, work: (request: Paced) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
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
      else if (this.#isTooLong(now - began, bytes) || this.#isSilent(now, last)) {
        request.isLost = true;
        stop.abort();
      }
    }, lookEvery);
    try {
      const result = await work(request);
      this.#note({ took: this.#now() - began, bytes });
      return result;
    } finally {
      clearInterval(timer);
    }
  }

  /** Of a short request most is waiting, and a long one may well take as much longer as it is. */
  #isTooLong(took: number, bytes: number): boolean {
    const usual = this.#usual("took");
    const longer = Math.max(1, bytes / Math.max(1, this.#usual("bytes") ?? 1));
    return usual !== undefined && took >= Math.max(leastPatience, patience * usual * longer);
  }

  /** Before the first byte it may be waiting for its turn. */
  #isSilent(now: number, { at, before }: { readonly at: number; readonly before: number }): boolean {
    const usual = this.#usual("took");
    if (usual === undefined || at === 0) return false;
    return now - at >= Math.max(leastSilence, usual) && this.#came - before >= othersGot;
  }

  #usual(what: keyof Seen): number | undefined {
    if (this.#recent.length < judges) return undefined;
    return this.#recent.map((one) => one[what]).sort((a, b) => a - b)[judges >> 1];
  }

  #note(seen: Seen): void {
    this.#recent.push(seen);
    if (this.#recent.length > judges) this.#recent.shift();
  }
}
