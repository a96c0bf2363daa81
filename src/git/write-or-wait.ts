import type { Writable } from "node:stream";

/** Writes to a stream and waits while it is full. Resolves as well when it is closed. Leaves no listeners behind, since one stream may take a million writes. */
export function writeOrWait(stream: Writable, bytes: string | Uint8Array): Promise<void> {
  if (stream.write(bytes) || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      stream.off("drain", done).off("close", done);
      resolve();
    };
    stream.on("drain", done).on("close", done);
  });
}
