import type { Backend, Body, ByteRange } from "../../backend/backend.ts";
import type { Handle } from "../../backend/handle.ts";
import type { Pace, Paced } from "./pace.ts";

/**
 * Loads an object, or a range of it, into one buffer. `length` is what is expected to come: a pack is large, and gathering parts
 * of unknown number would hold it twice.
 */
export function loadBytes(
  backend: Backend,
  handle: Handle,
  range: ByteRange | undefined,
  options: { readonly length?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<Buffer> {
  const length = options.length ?? (range?.end === undefined ? undefined : range.end - range.start);
  return backend.load(
    handle,
    range,
    (body) => (length === undefined ? gather(body) : fill(body, length)),
    options.signal,
  );
}

export interface RangeOptions {
  readonly signal?: AbortSignal | undefined;
  /** Of all ranges that are loaded beside this one. */
  readonly pace?: Pace | undefined;
}

/** How often a range is asked for again because it is slow. */
const restarts = 4;

/** A range, both ends of which are given. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Loads a range into one buffer, as `streamRange` does. The result is shorter where the object ends early. */
export async function loadRange(
  backend: Backend,
  handle: Handle,
  range: Span,
  options: RangeOptions = {},
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(range.end - range.start);
  let filled = 0;
  const put = (part: Uint8Array) => {
    bytes.set(part, filled);
    filled += part.length;
  };
  await streamRange(backend, handle, range, put, options);
  return bytes.subarray(0, filled);
}

/**
 * Hands the bytes of a range to `take`, in order, each once; a view lives until it returns. When the line breaks, or a request is far slower than its
 * neighbours, only what did not come is asked for again. For objects that never change. Resolves with how many bytes came: fewer where the object ends early.
 * @throws what `take` threw
 */
export async function streamRange(
  backend: Backend,
  handle: Handle,
  { start, end }: Span,
  take: (part: Uint8Array) => void,
  options: RangeOptions = {},
): Promise<number> {
  let came = 0;
  for (let restarted = 0; ; ) {
    const from = came;
    let paced: Paced | undefined;
    const use = async (body: Body) => {
      // The first try of this request got something: the next one shall not ask for that.
      if (came > from) throw new Broken();
      await forEachPart(body, (part) => {
        const wanted = part.subarray(0, end - start - came);
        if (wanted.length === 0) return;
        take(wanted);
        came += wanted.length;
        paced?.came(wanted.length);
      });
    };
    const load = (signal = options.signal) => backend.load(handle, { start: start + from, end }, use, signal);
    try {
      if (options.pace && restarted < restarts)
        await options.pace.run(
          end - start - from,
          (request) => {
            paced = request;
            return load(request.signal);
          },
          options.signal,
        );
      else await load();
      return came;
    } catch (error) {
      if (paced?.isLost && !options.signal?.aborted) restarted++;
      else if (!(error instanceof Broken)) throw error;
      if (came === end - start) return came;
    }
  }
}

/** Ends the tries of a request that another one takes the place of. */
class Broken extends Error {}

async function gather(body: Body): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}

/** Less than expected gives a shorter buffer, more a longer one: the caller compares. */
async function fill(body: Body, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let came = 0;
  if (body.into) came = await body.into(bytes);
  else
    await forEachPart(body, (part) => {
      const room = Math.max(0, length - came);
      bytes.set(part.length > room ? part.subarray(0, room) : part, Math.min(came, length));
      came += part.length;
    });
  return came > length ? Buffer.concat([bytes, Buffer.alloc(1)]) : bytes.subarray(0, came);
}

async function forEachPart(body: Body, take: (part: Uint8Array) => void): Promise<void> {
  if (body.each) return body.each(take);
  for await (const part of body) take(part);
}
