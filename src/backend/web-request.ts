import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { systemCode } from "../error/mlgit-error.ts";
import { BackendError, interruptedError } from "./backend-error.ts";
import { networkError, silentError } from "./web-error.ts";

/** A place whose objects are had by HTTP. */
export interface WebPlace {
  /** For people. */
  readonly location: string;
  /** Where a key is, with everything escaped. */
  url(key: string): string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What an answer that is no success means, where the place says more than a status. `text`: its body. */
  explain?(status: number, text: string, key: string): BackendError;
}

export interface WebRequest {
  readonly method: "GET" | "HEAD";
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a byte before the connection counts as lost. Default 60,000. */
  readonly idleTimeout?: number;
}

/** An answer of any status but those of redirects. Call `end` when done with it, read or not. */
export interface WebAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  /** Breaks off with an error rather than early. */
  readonly body: AsyncIterable<Uint8Array>;
  end(): void;
}

const mostRedirects = 5;

/**
 * One request, over a connection that is kept open. Follows redirects, but not from https to http.
 * @throws BackendError kinds unreachable, interrupted, refused, unsupported for a compressed body; an answer of whatever status is none.
 */
export async function webRequest(place: WebPlace, key: string, request: WebRequest): Promise<WebAnswer> {
  const watch = new Watch(request.idleTimeout ?? 60_000, request.signal);
  const explain = (error: unknown) => watch.explain(error, key, place.location);
  try {
    const message = await follow(place, key, { request, signal: watch.signal });
    refuseCompressed(message, key, place.location);
    const end = () => {
      watch.end();
      // What was not read to its end would block the connection.
      if (!message.complete) message.destroy();
    };
    return {
      status: message.statusCode ?? 0,
      header: (name) => [message.headers[name]].flat()[0],
      body: watched(message, watch, explain),
      end,
    };
  } catch (error) {
    watch.end();
    throw explain(error);
  }
}

interface Sending {
  readonly request: WebRequest;
  readonly signal: AbortSignal;
}

async function follow(place: WebPlace, key: string, sending: Sending): Promise<IncomingMessage> {
  const first = new URL(place.url(key));
  let url = first;
  for (let hops = 0; ; hops++) {
    const isElsewhere = url.origin !== first.origin;
    const message = await send(url, isElsewhere ? undefined : place.headers, sending).catch((error) => {
      // Else it would be the place itself that has no such host, or a certificate that is not trusted.
      throw isElsewhere ? networkError(error, key, `${place.location} sends us to ${url.origin}`) : error;
    });
    const { location } = message.headers;
    if (![301, 302, 303, 307, 308].includes(message.statusCode ?? 0) || location === undefined) return message;
    message.destroy();
    const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
    if (!next || !/^https?:$/.test(next.protocol) || hops === mostRedirects) throw lost(place.location, key, location);
    if (url.protocol === "https:" && next.protocol === "http:") throw lost(place.location, key, next.origin);
    url = next;
  }
}

/** What was compressed on the way would look like damage, and nothing in the store were to be mended. */
function refuseCompressed(message: IncomingMessage, key: string, location: string): void {
  const encoding = message.headers["content-encoding"] || "identity";
  if (encoding === "identity" || ![200, 206].includes(message.statusCode ?? 0)) return;
  message.destroy();
  throw new BackendError("unsupported", `${location} sends ${key} compressed (${encoding}), and was asked not to`, {
    path: key,
    hint: "the web server or a proxy before it does that; ask whoever keeps it to turn it off for this place",
  });
}

function send(url: URL, headers: WebPlace["headers"], { request, signal }: Sending): Promise<IncomingMessage> {
  const start = url.protocol === "https:" ? requestHttps : requestHttp;
  // A range of compressed bytes would be no range of the object.
  const all = { "accept-encoding": "identity", ...headers, ...request.headers };
  return new Promise((resolve, reject) => {
    const sent = start(url, { method: request.method, headers: all, signal }, resolve);
    sent.on("error", (error) => {
      // A server closes what is idle just when it likes; that says nothing about the next connection.
      const isClosed = ["ECONNRESET", "EPIPE"].includes(systemCode(error) ?? "");
      const isStale = sent.reusedSocket && isClosed && !signal.aborted;
      if (isStale) send(url, headers, { request, signal }).then(resolve, reject);
      else reject(error);
    });
    sent.end();
  });
}

async function* watched(
  message: IncomingMessage,
  watch: Watch,
  explain: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  const parts = message[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
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

  end(): void {
    this.pause();
    this.#outer?.removeEventListener("abort", this.#stop);
  }
}

function lost(location: string, key: string, to: string): BackendError {
  return new BackendError("refused", `${location} sends us to ${to} for ${key}, and that is not followed`, {
    path: key,
    hint: "from https:// to http://, in circles or to no address: ask whoever keeps the place to mend its redirects",
  });
}
