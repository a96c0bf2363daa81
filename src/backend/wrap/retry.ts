import type { Backend, FileInfo, SaveOptions } from "../backend.ts";
import { isAmbiguousError } from "../backend-error.ts";
import { type FileType, type Handle, keyOf } from "../handle.ts";
import { type RetryOptions, retrying } from "../retry-policy.ts";

export type RetrySettings = Pick<RetryOptions, "retries" | "onRetry">;

/** Tries requests again that may work the next time. `use` of a load runs again from the first byte. */
export function withRetry(inner: Backend, settings: RetrySettings = {}): Backend {
  const { onRetry } = settings;
  const again = <T>(signal: AbortSignal | undefined, work: (attempt: number) => Promise<T>) =>
    retrying(work, { ...settings, signal });
  return {
    location: inner.location,
    get properties() {
      return inner.properties;
    },
    get traffic() {
      return inner.traffic;
    },
    save: (handle, body, options = {}) => {
      const saver = new Saver(inner, { handle, body, options: { onRetry, ...options } });
      return again(options.signal, () => saver.attempt());
    },
    load: (handle, range, use, signal) => again(signal, () => inner.load(handle, range, use, signal)),
    stat: (handle, signal) => again(signal, () => inner.stat(handle, signal)),
    list: (type, signal) => listAgain(inner, type, { ...settings, signal }),
    remove: (handle, condition) => again(undefined, () => inner.remove(handle, condition)),
    isNotFound: (error) => inner.isNotFound(error),
    isPermanent: (error) => inner.isPermanent(error),
    ...(inner.saveFile && {
      saveFile: (handle, file, options = {}) => {
        const onProgress = restarting(options.onProgress);
        const all = { onRetry, ...options, onProgress: onProgress.add };
        return again(options.signal, () => {
          onProgress.restart();
          return (inner.saveFile as SaveFile).call(inner, handle, file, all);
        });
      },
    }),
    ...(inner.copyPlace && { copyPlace: inner.copyPlace }),
    ...(inner.copyFrom && {
      copyFrom: (source, handle, options = {}) =>
        again(options.signal, () => (inner.copyFrom as CopyFrom).call(inner, source, handle, options)),
    }),
    ...(inner.abandon && { abandon: inner.abandon.bind(inner) }),
    ...(inner.createPlace && { createPlace: inner.createPlace.bind(inner) }),
    close: () => inner.close(),
  };
}

type CopyFrom = NonNullable<Backend["copyFrom"]>;
type SaveFile = NonNullable<Backend["saveFile"]>;

/** What a try that failed had sent is taken back when the next one begins. */
function restarting(onProgress: SaveOptions["onProgress"]) {
  let sent = 0;
  const add = (bytes: number) => {
    sent += bytes;
    onProgress?.(bytes);
  };
  return { add, restart: () => add(-sent) };
}

interface SaveRequest {
  readonly handle: Handle;
  readonly body: Uint8Array;
  readonly options: SaveOptions;
}

/** One save with its tries. */
class Saver {
  readonly #inner: Backend;
  readonly #request: SaveRequest;
  #sent = 0;
  /** An earlier try may have worked, and only its answer was lost. */
  #mayHaveWorked = false;

  constructor(inner: Backend, request: SaveRequest) {
    this.#inner = inner;
    this.#request = request;
  }

  async attempt(): Promise<FileInfo> {
    const { handle, body, options } = this.#request;
    this.#takeBackProgress();
    try {
      return await this.#inner.save(handle, body, { ...options, onProgress: (bytes) => this.#advance(bytes) });
    } catch (error) {
      const own = this.#mayHaveWorked && isConflict(error) ? await this.#ownSuccess() : undefined;
      if (own) return own;
      this.#mayHaveWorked ||= isAmbiguousError(error);
      throw error;
    }
  }

  /** The object, if it holds exactly our bytes: then it was us who got in first. */
  async #ownSuccess(): Promise<FileInfo | undefined> {
    const { handle, body, options } = this.#request;
    const same = async (stored: AsyncIterable<Uint8Array>, info: FileInfo) =>
      info.size === body.length && (await isEqual(stored, body)) ? info : undefined;
    const found = await this.#inner.load(handle, undefined, same, options.signal).catch((error) => {
      if (this.#inner.isNotFound(error)) return undefined;
      throw error;
    });
    if (found) this.#advance(body.length - this.#sent);
    return found;
  }

  #advance(bytes: number): void {
    this.#sent += bytes;
    this.#request.options.onProgress?.(bytes);
  }

  #takeBackProgress(): void {
    if (this.#sent !== 0) this.#advance(-this.#sent);
  }
}

/** A listing that breaks off is begun again; what was handed out already is left out. */
async function* listAgain(inner: Backend, type: FileType, options: RetryOptions): AsyncGenerator<FileInfo> {
  const seen = new Set<string>();
  let listing = inner.list(type, options.signal)[Symbol.asyncIterator]();
  const next = async (attempt: number) => {
    if (attempt > 1) listing = inner.list(type, options.signal)[Symbol.asyncIterator]();
    for (;;) {
      const step = await listing.next();
      if (step.done || !seen.has(keyOf(step.value.handle))) return step;
    }
  };
  try {
    for (let step = await retrying(next, options); !step.done; step = await retrying(next, options)) {
      seen.add(keyOf(step.value.handle));
      yield step.value;
    }
  } finally {
    await listing.return?.();
  }
}

async function isEqual(stored: AsyncIterable<Uint8Array>, body: Uint8Array): Promise<boolean> {
  let at = 0;
  for await (const part of stored) {
    if (Buffer.compare(part, body.subarray(at, at + part.length)) !== 0) return false;
    at += part.length;
  }
  return at === body.length;
}

function isConflict(error: unknown): boolean {
  return (error as { kind?: unknown } | null)?.kind === "conflict";
}
