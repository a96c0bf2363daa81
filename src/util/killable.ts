/** How a program that hears of signals lets them end it at once, and hears of them again. */
export interface SignalEars {
  close(): void;
  open(): void;
}

let ears: SignalEars | undefined;

/** To be called by whoever listens for signals in this process. */
export function killableWith(given: SignalEars): void {
  ears = given;
}

/**
 * Does long work that nothing can stop. Node hears of signals between two pieces of work only, and the hash of a large file is one: meanwhile they end the process
 * at once, as `kill -9` may at any time.
 */
export function killable<T>(work: () => T): T {
  ears?.close();
  try {
    return work();
  } finally {
    ears?.open();
  }
}
