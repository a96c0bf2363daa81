import type { ByteRange, FileInfo } from "../backend.ts";
import { BackendError, checkSignal } from "../backend-error.ts";
import type { Handle } from "../handle.ts";
import { checkRange, spanOf } from "../range.ts";
import type { GotObject, ObjectInfo, S3Api } from "./s3-api.ts";
import { type S3Place, s3Error } from "./s3-error.ts";

export interface DownloadContext {
  readonly api: S3Api;
  readonly place: S3Place;
  readonly key: string;
  readonly handle: Handle;
  readonly signal: AbortSignal | undefined;
}

/** Hands the bytes of a range to `use`. What goes wrong with the connection is thrown even if `use` made another error of it, or none. */
export async function download<T>(
  context: DownloadContext,
  range: ByteRange | undefined,
  use: (body: AsyncIterable<Uint8Array>, info: FileInfo) => Promise<T>,
): Promise<T> {
  const { handle } = context;
  const got = await request(context, range);
  const { size, modified, tag } = got;
  const reader = new BodyReader(context, got);
  try {
    checkAnswer(context, range, got);
    const result = await use(reader.read(), { handle, size, modified, tag });
    if (reader.failure) throw reader.failure;
    return result;
  } catch (error) {
    throw reader.failure ?? error;
  } finally {
    reader.close();
  }
}

type Answer = ObjectInfo & Pick<GotObject, "length" | "offset"> & Partial<Pick<GotObject, "body">>;

async function request(context: DownloadContext, range: ByteRange | undefined): Promise<Answer> {
  const { api, key, signal } = context;
  if (range) checkRange(range, key);
  const header = headerOf(range);
  // HTTP has no way to ask for nothing.
  if (header === "none") return nothing(context, range);
  try {
    return await api.get(key, { ...(header && { range: header }), signal });
  } catch (error) {
    // An object of that size has no such bytes; which bytes it has, the error does not say.
    if (range && (error as BackendError).kind === "corrupt") return nothing(context, range);
    throw error;
  }
}

async function nothing({ api, key, signal }: DownloadContext, range: ByteRange | undefined): Promise<Answer> {
  const info = await api.head(key, signal);
  return { ...info, length: 0, offset: spanOf(range, info.size, key).start };
}

function headerOf(range: ByteRange | undefined): string | undefined {
  if (!range || (range.start === 0 && range.end === undefined)) return undefined;
  if (range.end === undefined) return range.start < 0 ? `bytes=${range.start}` : `bytes=${range.start}-`;
  return range.end === range.start ? "none" : `bytes=${range.start}-${range.end - 1}`;
}

/** @throws BackendError kind `corrupt` when the object is too short, `unsupported` when the server sends other bytes than were asked for. */
function checkAnswer({ key }: DownloadContext, range: ByteRange | undefined, got: Answer): void {
  const { start, end } = spanOf(range, got.size, key);
  if (got.length === end - start && (got.offset === start || got.length === 0)) return;
  const hint = "the server does not serve byte ranges as S3 does and cannot be used";
  throw new BackendError("unsupported", `${key}: asked for bytes ${start}..${end}, the server sends others`, {
    path: key,
    hint,
  });
}

/** Reads a body once, counts it, and remembers what went wrong. */
class BodyReader {
  readonly #context: DownloadContext;
  readonly #answer: Answer;
  failure: unknown;

  constructor(context: DownloadContext, answer: Answer) {
    this.#context = context;
    this.#answer = answer;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    const { signal, key, place } = this.#context;
    const { body, length } = this.#answer;
    let count = 0;
    try {
      for await (const chunk of body ?? []) {
        checkSignal(signal, key);
        count += chunk.length;
        yield chunk;
      }
      if (count !== length) throw cutOff(key, count, length);
    } catch (error) {
      this.failure = signal?.aborted ? abortError(signal, key) : s3Error(error, key, place);
      throw this.failure;
    }
  }

  /** Frees the connection. A body that was read to its end is left alone: its connection is used again. */
  close(): void {
    const { body } = this.#answer;
    if (body && !body.readableEnded) body.destroy();
  }
}

function abortError(signal: AbortSignal, key: string): unknown {
  try {
    checkSignal(signal, key);
  } catch (error) {
    return error;
  }
  return undefined;
}

function cutOff(key: string, count: number, length: number): BackendError {
  return new BackendError("unreachable", `${key}: the connection ended after ${count} of ${length} bytes`, {
    path: key,
    hint: "check the network; run the same command again",
    retryable: true,
  });
}
