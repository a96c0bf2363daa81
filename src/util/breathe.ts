import { setImmediate } from "node:timers/promises";
import { milliseconds } from "./clock.ts";

/** Long work that never waits would keep what is under way beside it (sockets, answers of threads) waiting. */
const breathMs = 1;

/** Gives everything else of this thread a turn, when it had none for a while. Call it often; it rarely returns a promise. */
export function createBreather(): () => Promise<void> | undefined {
  let last = milliseconds();
  return () => {
    if (milliseconds() - last < breathMs) return undefined;
    return setImmediate().then(() => {
      last = milliseconds();
    });
  };
}
