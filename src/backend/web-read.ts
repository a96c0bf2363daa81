import type { ByteRange, FileInfo } from "./backend.ts";
import { BackendError, checkSignal, shortError } from "./backend-error.ts";
import { type Handle, keyOf } from "./handle.ts";
import { checkRange, type Span, spanOf } from "./range.ts";
import { statusError } from "./web-error.ts";
import { type WebAnswer, type WebPlace, webRequest } from "./web-request.ts";
import { WholeObjects } from "./whole-objects.ts";

type Use<T> = (body: AsyncIterable<Uint8Array>, info: FileInfo) => Promise<T>;

interface Wish {
  readonly handle: Handle;
  readonly key: string;
  readonly range: ByteRange | undefined;
}

/** The reading half of a backend over HTTP: ranges where the server has them, else the whole object once and slices of that. */
export class WebReader {
  readonly #place: WebPlace;
  readonly #whole = new WholeObjects();
  #lacksRanges = false;

  constructor(place: WebPlace) {
    this.#place = place;
  }

  async load<T>(handle: Handle, range: ByteRange | undefined, use: Use<T>, signal?: AbortSignal): Promise<T> {
    const wish = { handle, key: keyOf(handle), range };
    checkSignal(signal, wish.key);
    if (range) checkRange(range, wish.key);
    // HTTP has no empty range.
    if (range && range.end === range.start) return this.#loadNothing(wish, use, signal);
    if (range && this.#lacksRanges && isImmutable(handle)) return this.#loadSlice(wish, use, signal);
    const answer = await this.#get(wish.key, range, signal);
    try {
      return await this.#take(answer, wish, use);
    } finally {
      answer.end();
    }
  }

  async stat(handle: Handle, signal?: AbortSignal): Promise<FileInfo> {
    const key = keyOf(handle);
    checkSignal(signal, key);
    const answer = await webRequest(this.#place, key, { method: "HEAD", signal });
    try {
      const size = lengthOf(answer);
      if (answer.status === 200 && size !== undefined) return infoOf(handle, size, answer);
      // Some servers know no HEAD, or no length before they have sent everything.
      if (![200, 405, 501].includes(answer.status)) throw await this.#error(answer, key);
    } finally {
      answer.end();
    }
    return this.load(handle, undefined, async (_, info) => info, signal);
  }

  async #take<T>(answer: WebAnswer, wish: Wish, use: Use<T>): Promise<T> {
    const { handle, key, range } = wish;
    if (range && answer.status === 206) return this.#takePart(answer, wish, use);
    if (range && answer.status === 416) {
      const size = Number(/^bytes \*\/(\d+)$/.exec(answer.header("content-range") ?? "")?.[1] ?? 0);
      spanOf(range, size, key);
      return use(nothing(), infoOf(handle, size, answer));
    }
    if (answer.status !== 200) throw await this.#error(answer, key);
    const size = lengthOf(answer);
    if (!range && size !== undefined) return use(exactly(answer.body, size, key), infoOf(handle, size, answer));
    const bytes = await gather(answer.body);
    if (size !== undefined && size !== bytes.length) throw shortError(key, size, bytes.length);
    if (range && bytes.length > 0) this.#keepWhole(handle, bytes);
    const { start, end } = spanOf(range, bytes.length, key);
    return use(once(bytes.subarray(start, end)), infoOf(handle, bytes.length, answer));
  }

  async #takePart<T>(answer: WebAnswer, { handle, key, range }: Wish, use: Use<T>): Promise<T> {
    const header = answer.header("content-range") ?? "";
    const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(header) ?? [];
    const size = Number(total);
    const span: Span = total === undefined ? { start: -1, end: -1 } : spanOf(range, size, key);
    if (Number(first) !== span.start || Number(last) + 1 !== span.end)
      throw new BackendError("unsupported", `${this.#place.location} answers another range than was asked for`, {
        path: key,
        hint: "the web server or a proxy before it is broken; tell whoever keeps it",
      });
    return use(exactly(answer.body, span.end - span.start, key), infoOf(handle, size, answer));
  }

  async #loadNothing<T>({ handle, key, range }: Wish, use: Use<T>, signal?: AbortSignal): Promise<T> {
    const info = await this.stat(handle, signal);
    spanOf(range, info.size, key);
    return use(nothing(), info);
  }

  async #loadSlice<T>({ handle, key, range }: Wish, use: Use<T>, signal?: AbortSignal): Promise<T> {
    const bytes = await this.#whole.get(key, () => this.load(handle, undefined, gather));
    checkSignal(signal, key);
    const { start, end } = spanOf(range, bytes.length, key);
    return use(once(bytes.subarray(start, end)), { handle, size: bytes.length, modified: 0, tag: undefined });
  }

  /** The answer to a range was everything: other ranges of it are likely to follow. */
  #keepWhole(handle: Handle, bytes: Buffer): void {
    this.#lacksRanges = true;
    if (isImmutable(handle)) void this.#whole.get(keyOf(handle), async () => bytes);
  }

  #get(key: string, range: ByteRange | undefined, signal: AbortSignal | undefined): Promise<WebAnswer> {
    const headers = range ? { headers: { range: `bytes=${rangeText(range)}` } } : {};
    return webRequest(this.#place, key, { method: "GET", signal, ...headers });
  }

  async #error(answer: WebAnswer, key: string): Promise<BackendError> {
    const { location, explain } = this.#place;
    // What broke off says nothing, and the status still does.
    const text = explain && (await gather(answer.body).catch(() => "")).toString("utf8");
    if (explain) return explain(answer.status, text ?? "", key);
    return statusError(answer.status, { key, location, retryAfter: answer.header("retry-after") });
  }
}

/** Packs and segments are named by what they contain, so a copy in memory cannot become wrong. */
function isImmutable({ type }: Handle): boolean {
  return type === "pack" || type === "index";
}

function rangeText({ start, end }: ByteRange): string {
  return start < 0 ? String(start) : `${start}-${end === undefined ? "" : end - 1}`;
}

function infoOf(handle: Handle, size: number, answer: WebAnswer): FileInfo {
  const modified = Date.parse(answer.header("last-modified") ?? "");
  return { handle, size, modified: Number.isNaN(modified) ? 0 : modified, tag: undefined };
}

/** Undefined when the server does not say. */
function lengthOf(answer: WebAnswer): number | undefined {
  const length = answer.header("content-length") ?? "";
  return /^\d+$/.test(length) ? Number(length) : undefined;
}

async function* exactly(body: AsyncIterable<Uint8Array>, size: number, key: string): AsyncGenerator<Uint8Array> {
  let came = 0;
  for await (const part of body) {
    came += part.length;
    if (came > size) throw new BackendError("corrupt", `${key}: more bytes came than were asked for`, { path: key });
    yield part;
  }
  if (came < size) throw shortError(key, size, came);
}

async function gather(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
