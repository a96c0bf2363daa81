import type { Backend } from "../../src/backend/backend.ts";
import { MemoryBackend } from "../../src/backend/memory/memory-backend.ts";
import { MlgitError } from "../../src/error/mlgit-error.ts";

/** How an operation that was waiting goes on. */
export type Fate = "done" | "answer lost" | "request lost" | "crash" | "crash after";

interface Waiting {
  readonly actor: number;
  readonly isSave: boolean;
  go(fate: Fate): void;
}

/** A store in memory whose operations wait until the test lets them go, one at a time. */
export class SteppedStore {
  readonly memory = new MemoryBackend();
  readonly waiting: Waiting[] = [];

  /** The store as one actor sees it. */
  viewOf(actor: number): Backend {
    const { memory } = this;
    const step = <T>(isSave: boolean, work: () => Promise<T>) => this.#step(actor, isSave, work);
    return {
      location: memory.location,
      properties: memory.properties,
      save: (handle, body, options) => step(true, () => memory.save(handle, body, options)),
      load: (handle, range, use, signal) => step(false, () => memory.load(handle, range, use, signal)),
      stat: (handle) => step(false, () => memory.stat(handle)),
      async *list(type) {
        const found = await step(false, async () => {
          const all = [];
          for await (const info of memory.list(type)) all.push(info);
          return all;
        });
        yield* found;
      },
      remove: (handle) => step(true, () => memory.remove(handle)),
      isNotFound: (error) => memory.isNotFound(error),
      isPermanent: () => true,
      close: async () => {},
    };
  }

  #step<T>(actor: number, isSave: boolean, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const lost = () => reject(new MlgitError("unreachable", "the line is gone"));
      const go = (fate: Fate) => {
        this.waiting.splice(this.waiting.indexOf(waiting), 1);
        if (fate === "request lost") lost();
        else if (fate === "done") work().then(resolve, reject);
        else if (fate === "answer lost") work().then(lost, lost);
        else if (fate === "crash after") work().catch(() => {});
      };
      const waiting = { actor, isSave, go };
      this.waiting.push(waiting);
    });
  }
}

/** Calls `run` with every sequence of choices: `choose(n)` gives 0 … n − 1. Returns how many runs that were. */
export async function everySchedule(run: (choose: (options: number) => number) => Promise<void>): Promise<number> {
  let prefix: number[] = [];
  for (let runs = 1; ; runs++) {
    const taken: { choice: number; options: number }[] = [];
    await run((options) => {
      const choice = prefix[taken.length] ?? 0;
      taken.push({ choice, options });
      return choice;
    });
    while (taken.length > 0 && (taken.at(-1)?.choice ?? 0) + 1 >= (taken.at(-1)?.options ?? 0)) taken.pop();
    if (taken.length === 0) return runs;
    prefix = taken.map(({ choice }) => choice);
    prefix[prefix.length - 1]! += 1;
  }
}
