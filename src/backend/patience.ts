/** Milliseconds of silence before the first word; the next ones take twice as long each. */
const firstPeriod = 10_000;

export interface PatienceSettings {
  /** Whose answer it is, for people. */
  readonly place: string;
  readonly say: (text: string) => void;
  /** Silence may be a person's who types a passphrase: then only tries that failed are told of. */
  readonly asksPeople?: boolean;
  readonly firstPeriod?: number;
}

/** `end` may come early, and more than once. */
export interface Asked {
  end(): void;
}

/**
 * Tells whoever waits that a place is silent, and why it takes so long: a server that takes connections and never answers is given minutes. One for all
 * requests of a backend, since the answer to one of them shows that the place is there.
 */
export class Patience {
  readonly #settings: PatienceSettings;
  /** Requests under way, and those of them whose answer should not take long. */
  #asked = 0;
  #watched = 0;
  /** A time since which nothing was heard, in milliseconds. */
  #silentSince = 0;
  #heard = false;
  #told = 0;
  #trouble: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: PatienceSettings) {
    this.#settings = settings;
  }

  /** A request goes out. `isLong`: it carries so many bytes that a slow line takes its time. */
  ask(isLong: boolean): Asked {
    if (this.#asked++ === 0 && this.#trouble === undefined) this.answered();
    if (!isLong) this.#watched++;
    if (this.#watched === 1) this.#look();
    let isOver = false;
    return {
      end: () => {
        if (isOver) return;
        isOver = true;
        this.#asked--;
        if (!isLong) this.#watched--;
        if (this.#watched === 0) clearTimeout(this.#timer);
      },
    };
  }

  /** Bytes came. Called for each part of a body, so it does not even ask for the time. */
  hear(): void {
    this.#heard = true;
  }

  /** The place did what it was asked, or said why not. */
  answered(): void {
    this.#heard = false;
    this.#silentSince = performance.now();
    this.#told = 0;
    this.#trouble = undefined;
  }

  /** A try failed, and there will be another one. */
  failed(error: unknown): void {
    this.#trouble = (error as Error).message;
    this.#speakIfLate();
  }

  /** Looks again when the next word is due. */
  #look(): void {
    clearTimeout(this.#timer);
    if (this.#settings.asksPeople) return;
    this.#speakIfLate();
    const due = this.#silentSince + this.#patience - performance.now();
    this.#timer = setTimeout(() => this.#look(), Math.max(due, 1));
    this.#timer.unref();
  }

  get #patience(): number {
    return (this.#settings.firstPeriod ?? firstPeriod) * 2 ** this.#told;
  }

  #speakIfLate(): void {
    if (this.#heard) this.answered();
    const silence = performance.now() - this.#silentSince;
    if (silence < this.#patience) return;
    this.#told++;
    const { place, say } = this.#settings;
    const seconds = `${Math.round(silence / 1000)} s`;
    const what =
      this.#trouble === undefined
        ? `${place} has not answered for ${seconds}; still waiting`
        : `${this.#trouble}; trying again, for ${seconds} now`;
    say(`${what} (Ctrl-C stops it)`);
  }
}
