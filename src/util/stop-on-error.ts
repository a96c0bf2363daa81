import { setMaxListeners } from "node:events";

/** The first of several works to fail ends the others: of what a full disk cannot take nothing more shall come, and nothing is under way when the error is told. */
export class StopOnError {
  /** For the works; the caller's ends them, too. */
  readonly signal: AbortSignal;
  readonly #stop = new AbortController();
  #failure: { readonly error: unknown } | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.signal = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
    // Each request that is under way listens.
    setMaxListeners(0, this.signal);
  }

  /** Never rejects. */
  async around(work: Promise<void>): Promise<void> {
    await work.catch((error) => {
      this.#failure ??= { error };
      this.#stop.abort();
    });
  }

  /** @throws what the first of them failed with */
  check(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
