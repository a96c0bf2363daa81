export interface Begun<T> extends AsyncIterable<T> {
  /** Lets go of what makes the items, also when nobody reads them. Harmless again. */
  stop(): Promise<void>;
}

/**
 * The same items, to be read once; the first is asked for now and not when somebody begins to read, so that what makes them (a process, mostly)
 * works meanwhile. What it fails with is told to who reads.
 */
export function begun<T>(items: AsyncGenerator<T>): Begun<T> {
  const first = items.next();
  first.catch(() => {});
  return {
    async *[Symbol.asyncIterator]() {
      try {
        const { done, value } = await first;
        if (done) return;
        yield value;
        yield* items;
      } finally {
        await items.return(undefined);
      }
    },
    stop: async () => void (await items.return(undefined)),
  };
}
