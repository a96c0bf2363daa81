import type { Readable } from "node:stream";
import { MlgitError } from "../error/mlgit-error.ts";

/** The entries of a NUL-terminated list (git's `-z`) as views. @throws MlgitError kind `interrupted` on an unfinished entry. */
export async function* splitNul(stream: Readable): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    const buffer: Buffer = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    let at = 0;
    for (let end = buffer.indexOf(0); end >= 0; end = buffer.indexOf(0, at)) {
      yield buffer.subarray(at, end);
      at = end + 1;
    }
    rest = buffer.subarray(at);
  }
  if (rest.length > 0) throw new MlgitError("interrupted", "git ended in the middle of a list");
}
