/*
 * git-cat-file, "BATCH OUTPUT": `<oid> SP <type> SP <size> [SP <rest>] LF <contents> LF`, or `<what was asked> SP missing LF`.
 */
import type { Readable } from "node:stream";
import { MlgitError } from "../error/mlgit-error.ts";

export interface BatchObject {
  readonly oid: string;
  /** `blob`, `commit`, …, or `missing`. */
  readonly type: string;
  readonly size: number;
  /** What followed the object's name in the question, latin1 (one character a byte). */
  readonly rest: string;
  /** A view into a larger buffer: copy it to keep it. Empty when only headers were asked for. */
  readonly bytes: Buffer;
}

const nothing = Buffer.alloc(0);

/** Cuts what cat-file's batch modes print into objects, without a promise per object. */
export class BatchReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #buffer: Buffer = nothing;
  #at = 0;

  constructor(stdout: Readable) {
    this.#chunks = stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /**
   * Waits for more of the stream; false at its end.
   * @throws MlgitError kind `interrupted` when it ends inside an object.
   */
  async more(): Promise<boolean> {
    const { value, done } = await this.#chunks.next();
    const rest = this.#buffer.subarray(this.#at);
    if (done && rest.length > 0) throw new MlgitError("interrupted", "git cat-file ended inside an object");
    if (done) return false;
    this.#buffer = rest.length === 0 ? value : Buffer.concat([rest, value]);
    this.#at = 0;
    return true;
  }

  /** The next object, or undefined when `more` is needed first. `contents` says what was asked: contents or headers alone. */
  take(contents: boolean): BatchObject | undefined {
    const lineEnd = this.#buffer.indexOf(0x0a, this.#at);
    if (lineEnd < 0) return undefined;
    const header = parseHeader(this.#buffer.toString("latin1", this.#at, lineEnd));
    const hasBytes = contents && header.type !== "missing";
    const end = hasBytes ? lineEnd + 1 + header.size + 1 : lineEnd + 1;
    if (end > this.#buffer.length) return undefined;
    this.#at = end;
    const { oid, type, size, rest } = header;
    return { oid, type, size, rest, bytes: hasBytes ? this.#buffer.subarray(lineEnd + 1, end - 1) : nothing };
  }

  /** The same, waiting as long as needed. @throws MlgitError kind `interrupted` when git ended before it answered. */
  async next(contents: boolean): Promise<BatchObject> {
    for (;;) {
      const object = this.take(contents);
      if (object) return object;
      if (!(await this.more())) throw new MlgitError("interrupted", "git cat-file ended before it answered");
    }
  }
}

/** The usual line is cut by hand: there may be a million. */
function parseHeader(line: string): Omit<BatchObject, "bytes"> {
  const typeAt = line.indexOf(" ") + 1;
  const sizeAt = line.indexOf(" ", typeAt) + 1;
  if (line.startsWith("blob ", typeAt) && sizeAt > typeAt) {
    const sizeEnd = line.indexOf(" ", sizeAt);
    const size = Number(sizeEnd < 0 ? line.slice(sizeAt) : line.slice(sizeAt, sizeEnd));
    const rest = sizeEnd < 0 ? "" : line.slice(sizeEnd + 1);
    if (Number.isSafeInteger(size) && !rest.endsWith("missing"))
      return { oid: line.slice(0, typeAt - 1), type: "blob", size, rest };
  }
  const missing = /^(\S*)(?: (.*))? missing$/s.exec(line);
  if (missing) return { oid: missing[1] ?? "", type: "missing", size: 0, rest: missing[2] ?? "" };
  const [, oid = "", type = "", size, rest = ""] = /^([0-9a-f]+) ([a-z]+) (\d+) ?(.*)$/s.exec(line) ?? [];
  if (size === undefined) throw new MlgitError("internal", `git cat-file said ${JSON.stringify(line)}`);
  return { oid, type, size: Number(size), rest };
}
