import type { Readable } from "node:stream";
import { MlgitError } from "../error/mlgit-error.ts";

/** The entries of a NUL-terminated list (git's `-z`) as views. @throws MlgitError kind `interrupted` on an unfinished entry. */
export async function* splitNul(stream: Readable): AsyncGenerator<Buffer> {
  for await (const entries of splitNulAtOnce(stream)) yield* entries;
}

/** The same, all that came together: a promise for each entry takes longer than what is done with it. */
export async function* splitNulAtOnce(stream: Readable): AsyncGenerator<Buffer[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    const buffer: Buffer = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    const entries: Buffer[] = [];
    let at = 0;
    for (let end = buffer.indexOf(0); end >= 0; end = buffer.indexOf(0, at)) {
      entries.push(buffer.subarray(at, end));
      at = end + 1;
    }
    rest = buffer.subarray(at);
    if (entries.length > 0) yield entries;
  }
  if (rest.length > 0) throw new MlgitError("interrupted", "git ended in the middle of a list");
}
