import { isUtf8 } from "node:buffer";
import { MlgitError } from "../error/mlgit-error.ts";
import { readSome } from "./fd.ts";

/** Reads lines from a file descriptor, synchronously. git waits for an answer after each command, so what follows a command is never swallowed. */
export class LineReader {
  readonly #fd: number;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * One line without its LF; undefined at the end of the stream.
   * @throws MlgitError kind `interrupted` when the stream ends inside a line, `unsupported` for a line that is not UTF-8.
   */
  next(): string | undefined {
    let end = this.#buffer.indexOf(0x0a);
    while (end < 0) {
      const more = Buffer.allocUnsafe(65_536);
      const got = readSome(this.#fd, more, 0);
      if (got === 0 && this.#buffer.length === 0) return undefined;
      if (got === 0) throw new MlgitError("interrupted", "the stream from git ended inside a line");
      this.#buffer = Buffer.concat([this.#buffer, more.subarray(0, got)]);
      end = this.#buffer.indexOf(0x0a);
    }
    const line = this.#buffer.subarray(0, end);
    this.#buffer = this.#buffer.subarray(end + 1);
    if (!isUtf8(line)) throw new MlgitError("unsupported", "names of refs have to be UTF-8 in an mlgit:: remote");
    return line.toString("utf8");
  }
}
