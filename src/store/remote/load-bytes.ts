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
  /** Where to put the bytes; at least as long as the range. */
  readonly buffer?: Buffer | undefined;
  /** Of all ranges that are loaded beside this one. */
  readonly pace?: Pace | undefined;
}

/** How often a range is asked for again because it is slow. */
const restarts = 4;

/**
 * Loads a range into one buffer; both ends are given. When the line breaks, or a request is far slower than its neighbours, only what did not come is
 * asked for again. For objects that never change. The result is shorter where the object ends early.
 */
export async function loadRange(
  backend: Backend,
  handle: Handle,
  { start, end }: { readonly start: number; readonly end: number },
  options: RangeOptions = {},
): Promise<Buffer> {
  const bytes = options.buffer?.subarray(0, end - start) ?? Buffer.allocUnsafeSlow(end - start);
  let filled = 0;
  for (let restarted = 0; ; ) {
    const from = filled;
    let paced: Paced | undefined;
    const use = async (body: Body) => {
      // The first try of this request got something: the next one shall not ask for that.
      if (filled > from) throw new Broken();
      await putInto(bytes.subarray(from), body, (length) => {
        paced?.came(from + length - filled);
        filled = from + length;
      });
    };
    const load = (signal = options.signal) => backend.load(handle, { start: start + from, end }, use, signal);
    try {
      if (options.pace && restarted < restarts)
        await options.pace.run((request) => {
          paced = request;
          return load(request.signal);
        }, options.signal);
      else await load();
      return bytes.subarray(0, filled);
    } catch (error) {
      if (paced?.isLost && !options.signal?.aborted) restarted++;
      else if (!(error instanceof Broken)) throw error;
      if (filled === bytes.length) return bytes;
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
  let filled = 0;
  const came = await putInto(bytes, body, (now) => {
    filled = now;
  });
  return came > length ? Buffer.concat([bytes, Buffer.alloc(1)]) : bytes.subarray(0, filled);
}

/** Puts what fits of a body into `target` and resolves with how many bytes it has; `filled` is told meanwhile how many are there. */
async function putInto(target: Uint8Array, body: Body, filled: (length: number) => void): Promise<number> {
  let came = 0;
  const note = (length: number) => {
    came += length;
    filled(Math.min(came, target.length));
  };
  if (body.into) note(await body.into(target));
  else
    await forEachPart(body, (part) => {
      const room = Math.max(0, target.length - came);
      target.set(part.length > room ? part.subarray(0, room) : part, Math.min(came, target.length));
      note(part.length);
    });
  return came;
}

async function forEachPart(body: Body, take: (part: Uint8Array) => void): Promise<void> {
  if (body.each) return body.each(take);
  for await (const part of body) take(part);
}
