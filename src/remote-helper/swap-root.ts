/* docs/format/remote.md, "Replacing the root" */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { MlgitError } from "../error/mlgit-error.ts";
import type { Root } from "./root.ts";
import type { RootPlace, Snapshot } from "./root-place.ts";

export interface Swap {
  readonly place: RootPlace;
  /** One for all tries: a try whose answer was lost may still arrive. Every root that `change` makes ends with it. */
  readonly transaction: string;
  /** What is known already. */
  readonly first: Snapshot;
  /** Waits before the next try; replaced in tests. */
  readonly pause?: (tries: number) => Promise<void>;
}

const triesAtMost = 200;

/**
 * Changes the root, as often as others are first. `change` makes the next root of the one that is there, with everything it needs durable, or says by
 * undefined that there is nothing to do. True when the change is in, though the answer may have been lost.
 * @throws the backend's errors when it is not, or whatever `change` throws.
 */
export async function swapRoot(
  { place, transaction, first, pause = jitter }: Swap,
  change: (root: Root) => Promise<Root | undefined>,
): Promise<boolean> {
  let current = first;
  for (let tries = 0; tries < triesAtMost; tries++) {
    const next = await change(current.root);
    if (!next) return false;
    const failure = await place.replace(current, next).then(
      (won) => (won ? undefined : { lost: true as const }),
      (error: unknown) => ({ error }),
    );
    if (!failure) return true;
    const now = await place.read().catch((error) => {
      throw "error" in failure ? failure.error : error;
    });
    if (now?.root.transactions.includes(transaction)) return true;
    if ("error" in failure) throw failure.error;
    if (!now) throw new MlgitError("conflict", "the repository was removed while something was pushed to it");
    current = now;
    await pause(tries);
  }
  throw new MlgitError("conflict", `others were faster ${triesAtMost} times`, { hint: "run the same command again" });
}

export function newTransaction(): string {
  return randomBytes(8).toString("hex");
}

/** So that those who met once do not meet again. */
async function jitter(tries: number): Promise<void> {
  await sleep(Math.random() * Math.min(1000, 20 * 2 ** Math.min(tries, 10)));
}
