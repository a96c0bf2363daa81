import { setTimeout as sleep } from "node:timers/promises";
import retry, { type RetryContext } from "p-retry";
import type { OnRetry } from "./backend.ts";
import { interruptedError, isBusyError, isPermanentError, maxRetriesOf, retryAfterOf } from "./backend-error.ts";

export interface RetryOptions {
  readonly signal?: AbortSignal | undefined;
  /** Tries after the first one. Default 7: 13 s of waiting on average, 26 s at most. */
  readonly retries?: number;
  /** Milliseconds for which a server that is only busy is asked again, beside those tries. Default: two minutes. */
  readonly busyFor?: number;
  /** Called before each wait. */
  readonly onRetry?: OnRetry | undefined;
}

const firstDelay = 250;
const longestDelay = 10_000;
/** It is there, and says that it will answer: giving up while others crowd it would only bring all of them back later. */
const longestBusy = 120_000;
/** Errors that were met as often as makes sense. */
const usedUp = new WeakSet<object>();

/** A server may ask for more patience than a person at a prompt has. */
const longestRetryAfter = 60_000;

/**
 * Runs `work` again while it fails with errors that trying again may mend. Waits with full jitter (a random time up to a doubling limit, so that
 * many clients do not come back at once), and at least as long as the server asked for. What has used up an error's own limit of tries inside of `work` is not
 * tried again: a part of an object must not be waited for four times as long as the object.
 */
export async function retrying<T>(work: (attempt: number) => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const { signal, retries = 7, busyFor = longestBusy, onRetry } = options;
  const busyUntil = performance.now() + busyFor;
  const isUseless = ({ error, retriesConsumed }: RetryContext) =>
    useless((error as Failure).reason, { failures: retriesConsumed + 1, busyUntil });
  try {
    return await retry((attempt) => boxed(work, attempt), {
      retries,
      // The waiting is done below, where Retry-After is known.
      minTimeout: 0,
      shouldRetry: (context) => !isUseless(context),
      shouldConsumeRetry: ({ error }) => !isBusyError((error as Failure).reason),
      onFailedAttempt: async (context) => {
        const { attemptNumber, retriesLeft } = context;
        const { reason } = context.error as Failure;
        if (isUseless(context) || retriesLeft === 0) return;
        const delay = delayBefore(attemptNumber, retryAfterOf(reason));
        onRetry?.(reason, attemptNumber, delay);
        await wait(delay, signal);
      },
    });
  } catch (error) {
    throw error instanceof Failure ? error.reason : error;
  }
}

/** `failures`: those that count, this one included. */
function useless(error: unknown, { failures, busyUntil }: { failures: number; busyUntil: number }): boolean {
  if (isPermanentError(error) || usedUp.has(error as object)) return true;
  if (isBusyError(error) ? performance.now() < busyUntil : failures <= maxRetriesOf(error)) return false;
  usedUp.add(error as object);
  return true;
}

async function boxed<T>(work: (attempt: number) => Promise<T>, attempt: number): Promise<T> {
  try {
    return await work(attempt);
  } catch (error) {
    throw new Failure(error);
  }
}

/** Carries whatever was thrown past p-retry, which looks into errors and wants real ones. */
class Failure extends Error {
  readonly reason: unknown;

  constructor(reason: unknown) {
    super("attempt failed");
    this.reason = reason;
  }
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
