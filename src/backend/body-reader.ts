import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import type { Body, ByteRange, FileInfo } from "./backend.ts";
import { BackendError, interruptedError } from "./backend-error.ts";
import type { Handle } from "./handle.ts";
import { spanOf } from "./range.ts";

/** What an SDK answered to a request for a range of an object. */
export interface RangeAnswer {
  /** Of the whole object. */
  readonly size: number;
  readonly modified: number;
  readonly tag: string | undefined;
  /** Bytes of the body that follows. */
  readonly length: number;
  /** First byte of the body within the object. */
  readonly offset: number;
  /** Absent where there is nothing to read. */
  readonly body?: Readable;
}

export interface ReadContext {
  readonly key: string;
  readonly handle: Handle;
  readonly signal: AbortSignal | undefined;
  /** What an error of the body means. */
  explain(error: unknown): unknown;
}

/** Hands the bytes of a range to `use`. What goes wrong with the connection is thrown even if `use` made another error of it, or none. */
export async function handOver<T>(
  context: ReadContext,
  { range, answer }: { readonly range: ByteRange | undefined; readonly answer: RangeAnswer },
  use: (body: Body, info: FileInfo) => Promise<T>,
): Promise<T> {
  const { size, modified, tag } = answer;
  const reader = new BodyReader(context, answer);
  try {
    checkAnswer(context.key, range, answer);
    const result = await use(reader, { handle: context.handle, size, modified, tag });
    if (reader.failure) throw reader.failure;
    return result;
  } catch (error) {
    throw reader.failure ?? error;
  } finally {
    reader.close();
  }
}

/** @throws BackendError kind `corrupt` when the object is too short, `unsupported` when the server sends other bytes than were asked for. */
function checkAnswer(key: string, range: ByteRange | undefined, got: RangeAnswer): void {
  const { start, end } = spanOf(range, got.size, key);
  if (got.length === end - start && (got.offset === start || got.length === 0)) return;
  const hint = "the server does not serve byte ranges as it should and cannot be used";
  throw new BackendError("unsupported", `${key}: asked for bytes ${start}..${end}, the server sends others`, {
    path: key,
    hint,
  });
}

/** Bytes of one body before others have their turn. */
const turnBytes = 256 << 10;

/** Reads a body once, counts it, and remembers what went wrong. */
class BodyReader implements Body {
  readonly #context: ReadContext;
  readonly #answer: RangeAnswer;
  /** Bytes of a turn under way. */
  #turn = 0;
  failure: unknown;

  constructor(context: ReadContext, answer: RangeAnswer) {
    this.#context = context;
    this.#answer = answer;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const { signal, key } = this.#context;
    let count = 0;
    try {
      for await (const chunk of this.#answer.body ?? []) {
        if (signal?.aborted) throw interruptedError(key);
        count += chunk.length;
        yield chunk;
      }
      this.#checkLength(count);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  async each(take: (part: Uint8Array) => void): Promise<void> {
    const { signal } = this.#context;
    const { body } = this.#answer;
    let count = 0;
    let refused: { readonly error: unknown } | undefined;
    body?.on("data", (part: Uint8Array) => {
      if (refused || signal?.aborted) return body.destroy();
      count += part.length;
      this.#takeTurns(body, part.length);
      try {
        take(part);
      } catch (error) {
        refused = { error };
        body.destroy();
      }
    });
    try {
      if (body) await finished(body, { writable: false, ...(signal && { signal }) });
      this.#checkLength(count);
    } catch (error) {
      // Thrown in an event it would end the process.
      throw refused ? refused.error : this.#fail(error);
    }
  }

  /**
   * Of a socket with a large buffer Node reads two megabytes before it turns to the next one, so that beside seven of them one with a small buffer, as it
   * is at first, would get a fiftieth and never grow.
   */
  #takeTurns(body: Readable, length: number): void {
    this.#turn += length;
    if (this.#turn < turnBytes) return;
    this.#turn = 0;
    body.pause();
    setImmediate(() => body.resume());
  }

  #checkLength(count: number): void {
    const { length } = this.#answer;
    if (count !== length) throw cutOff(this.#context.key, count, length);
  }

  #fail(error: unknown): unknown {
    const { signal, key } = this.#context;
    this.failure = signal?.aborted ? interruptedError(key) : this.#context.explain(error);
    return this.failure;
  }

  /** Frees the connection. A body that was read to its end is left alone: its connection is used again. */
  close(): void {
    const { body } = this.#answer;
    if (body && !body.readableEnded) body.destroy();
  }
}

function cutOff(key: string, count: number, length: number): BackendError {
  return new BackendError("unreachable", `${key}: the connection ended after ${count} of ${length} bytes`, {
    path: key,
    hint: "check the network; run the same command again",
    retryable: true,
  });
}
