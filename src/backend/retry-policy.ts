import { setTimeout as sleep } from "node:timers/promises";
import retry from "p-retry";
import { interruptedError, isPermanentError, maxRetriesOf, retryAfterOf } from "./backend-error.ts";

export interface RetryOptions {
  readonly signal?: AbortSignal | undefined;
  /** Tries after the first one. Default 7: about 20 s of waiting, 40 s at most. */
  readonly retries?: number;
  /** Called before each wait. */
  readonly onRetry?: (error: unknown, attempt: number, delay: number) => void;
}

const firstDelay = 250;
const longestDelay = 10_000;
/** A server may ask for more patience than a person at a prompt has. */
const longestRetryAfter = 60_000;

/**
 * Runs `work` again while it fails with errors that trying again may mend. Waits with full jitter (a random time up to a doubling limit, so that
 * many clients do not come back at once), and at least as long as the server asked for.
 */
export async function retrying<T>(work: (attempt: number) => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const { signal, retries = 7, onRetry } = options;
  return retry(work, {
    retries,
    // The waiting is done below, where Retry-After is known.
    minTimeout: 0,
    shouldRetry: ({ error, attemptNumber }) => !isPermanentError(error) && attemptNumber <= maxRetriesOf(error),
    onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
      if (isPermanentError(error) || retriesLeft === 0 || attemptNumber > maxRetriesOf(error)) return;
      const delay = delayBefore(attemptNumber, retryAfterOf(error));
      onRetry?.(error, attemptNumber, delay);
      await wait(delay, signal);
    },
  });
}

/** Milliseconds to wait after the failed attempt number `attempt` (from 1). */
export function delayBefore(attempt: number, retryAfter: number): number {
  const limit = Math.min(longestDelay, firstDelay * 2 ** (attempt - 1));
  return Math.min(retryAfter, longestRetryAfter) + Math.random() * limit;
}

async function wait(delay: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(delay, undefined, signal ? { signal } : {});
  } catch {
    throw interruptedError();
  }
}
