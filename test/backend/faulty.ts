import type { Backend } from "../../src/backend/backend.ts";
import { BackendError, type BackendErrorOptions } from "../../src/backend/backend-error.ts";

/** Where an operation goes wrong: before the place has done it, or after. */
export interface Fault {
  readonly when: "before" | "after";
  readonly error: unknown;
}

export const busy = (options: BackendErrorOptions = {}): Fault => ({
  when: "before",
  error: new BackendError("unreachable", "busy", { retryable: true, ...options }),
});

export const lostAnswer = (): Fault => ({
  when: "after",
  error: new BackendError("unreachable", "lost", { retryable: true, ambiguous: true }),
});

/** A backend whose next operations fail as `faults` say, one each; undefined lets one pass. */
export function withFaults(inner: Backend, faults: (Fault | undefined)[]): Backend {
  const next = async <T>(work: () => Promise<T>): Promise<T> => {
    const fault = faults.shift();
    if (fault?.when === "before") throw fault.error;
    const result = await work();
    if (fault) throw fault.error;
    return result;
  };
  return {
    location: inner.location,
    properties: inner.properties,
    save: (handle, body, options) => next(() => inner.save(handle, body, options)),
    load: (handle, range, use, signal) => next(() => inner.load(handle, range, use, signal)),
    stat: (handle, signal) => next(() => inner.stat(handle, signal)),
    async *list(type, signal) {
      for await (const info of inner.list(type, signal)) yield await next(async () => info);
    },
    remove: (handle, condition) => next(() => inner.remove(handle, condition)),
    isNotFound: (error) => inner.isNotFound(error),
    isPermanent: (error) => inner.isPermanent(error),
    close: () => inner.close(),
  };
}
