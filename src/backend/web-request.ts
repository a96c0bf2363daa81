import { BackendError, interruptedError } from "./backend-error.ts";
import { networkError, silentError } from "./web-error.ts";

/** A place whose objects are had by HTTP. */
export interface WebPlace {
  /** For people. */
  readonly location: string;
  /** Where a key is, with everything escaped. */
  url(key: string): string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What an answer that is no success means, where the place says more than a status. `text`: the beginning of its body. */
  explain?(status: number, text: string, key: string): BackendError;
}

export interface WebRequest {
  readonly method: "GET" | "HEAD";
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a byte before the connection counts as lost. Default 60,000. */
  readonly idleTimeout?: number;
}

/** An answer of any status. Call `end` when done with it, read or not. */
export interface WebAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Breaks off with an error rather than early. */
  readonly body: AsyncIterable<Uint8Array>;
  end(): void;
}

/**
 * One request. Follows redirects, but not from https to http.
 * @throws BackendError kinds unreachable, interrupted; an answer of whatever status is none.
 */
export async function webRequest(place: WebPlace, key: string, request: WebRequest): Promise<WebAnswer> {
  const { method, signal, idleTimeout = 60_000 } = request;
  const watch = new Watch(idleTimeout, signal);
  const explain = (error: unknown) => watch.explain(error, key, place.location);
  try {
    const url = place.url(key);
    const response = await fetch(url, {
      method,
      // A range of compressed bytes would be no range of the object.
      headers: { "accept-encoding": "identity", ...place.headers, ...request.headers },
      signal: watch.signal,
    });
    if (url.startsWith("https:") && response.url.startsWith("http:")) throw downgraded(place.location, key);
    const { status, headers } = response;
    return { status, headers, body: watched(response.body, watch, explain), end: () => watch.end() };
  } catch (error) {
    watch.end();
    throw explain(error);
  }
}

async function* watched(
  body: AsyncIterable<Uint8Array> | null,
  watch: Watch,
  explain: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  if (!body) return;
  const parts = body[Symbol.asyncIterator]();
  for (;;) {
    watch.touch();
    const part = await parts.next().catch((error) => {
      throw explain(error);
    });
    // The reader may be slow; only the server is watched.
    watch.pause();
    if (part.done) return;
    watch.check();
    yield part.value;
  }
}

/** Ends a request that the user stops, or whose server says nothing any more. */
class Watch {
  readonly #abort = new AbortController();
  readonly #limit: number;
  readonly #outer: AbortSignal | undefined;
  readonly #stop = () => this.#abort.abort();
  #timer: NodeJS.Timeout | undefined;
  #isSilent = false;

  constructor(limit: number, outer: AbortSignal | undefined) {
    this.#limit = limit;
    this.#outer = outer;
    if (outer?.aborted) this.#abort.abort();
    else outer?.addEventListener("abort", this.#stop);
    this.touch();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  touch(): void {
    this.pause();
    this.#timer = setTimeout(() => {
      this.#isSilent = true;
      this.#abort.abort();
    }, this.#limit);
  }

  pause(): void {
    clearTimeout(this.#timer);
  }

  check(): void {
    if (this.#outer?.aborted) throw interruptedError();
  }

  explain(error: unknown, key: string, location: string): unknown {
    if (this.#outer?.aborted) return interruptedError(key);
    return this.#isSilent ? silentError(key, location) : networkError(error, key, location);
  }

  /** Lets go of the connection if the answer was not read to its end. */
  end(): void {
    this.pause();
    this.#outer?.removeEventListener("abort", this.#stop);
    this.#abort.abort();
  }
}

function downgraded(location: string, key: string): BackendError {
  return new BackendError("refused", `${location} sends us from https:// to http:// for ${key}`, {
    path: key,
    hint: "ask whoever keeps the place to mend its redirects, or name the http:// place itself",
  });
}
