import type { Backend, ByteRange } from "../../backend/backend.ts";
import type { Handle } from "../../backend/handle.ts";

/** Loads an object or a range of it into one buffer. The backend checks that nothing is missing of a range. */
export function loadBytes(
  backend: Backend,
  handle: Handle,
  range: ByteRange | undefined,
  signal?: AbortSignal,
): Promise<Buffer> {
  return backend.load(
    handle,
    range,
    async (body) => {
      const parts: Uint8Array[] = [];
      for await (const part of body) parts.push(part);
      return parts.length === 1 && parts[0]
        ? Buffer.from(parts[0].buffer, parts[0].byteOffset, parts[0].length)
        : Buffer.concat(parts);
    },
    signal,
  );
}
