import type { Backend, ByteRange } from "../../backend/backend.ts";
import type { Handle } from "../../backend/handle.ts";

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

async function gather(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}

/** Less than expected gives a shorter buffer, more a longer one: the caller compares. */
async function fill(body: AsyncIterable<Uint8Array>, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  let came = 0;
  for await (const part of body) {
    bytes.set(part.length > length - filled ? part.subarray(0, length - filled) : part, filled);
    came += part.length;
    filled = Math.min(came, length);
  }
  return came > length ? Buffer.concat([bytes, Buffer.alloc(1)]) : bytes.subarray(0, filled);
}
