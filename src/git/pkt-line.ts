/*
 * gitprotocol-common, "pkt-line Format":
 *
 *   pkt-line     =  data-pkt / flush-pkt
 *   data-pkt     =  pkt-len pkt-payload
 *   pkt-len      =  4*(HEXDIG)          ; of the whole line, these four bytes included
 *   pkt-payload  =  (pkt-len - 4)*(OCTET)
 *   flush-pkt    = "0000"
 *   delim-pkt    = "0001"               ; protocol v2
 *   response-end-pkt = "0002"           ; protocol v2, stateless connections
 *
 * A data-pkt is at most 65520 bytes, so its payload at most 65516. Text lines carry a final LF that is not part of the text.
 */
import { MlgitError } from "../error/mlgit-error.ts";
import { EagerInput } from "./eager-input.ts";
import { writeAll } from "./fd.ts";

export const maxPayload = 65_516;

/** `eof`: the stream ended between two packets. */
export type PacketKind = "data" | "flush" | "delim" | "response-end" | "eof";

/** Reads packets from a file descriptor, synchronously, into one buffer that it uses again and again. */
export class PktReader {
  readonly #input: EagerInput;
  readonly #buffer: Buffer;
  #start = 0;
  #end = 0;
  #payload: Buffer;

  constructor(fd: number, bufferSize = 4 * 65_536) {
    this.#input = new EagerInput(fd);
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(bufferSize, 65_520));
    this.#payload = this.#buffer.subarray(0, 0);
  }

  /** What the last `next()` that said `data` read. A view: valid until the following `next()`. */
  get payload(): Buffer {
    return this.#payload;
  }

  /** The payload without the LF that ends a text line. */
  get line(): Buffer {
    const { length } = this.#payload;
    return this.#payload[length - 1] === 0x0a ? this.#payload.subarray(0, length - 1) : this.#payload;
  }

  /**
   * Reads one packet.
   * @throws MlgitError kind `interrupted` when the stream ends inside a packet, `corrupt` when it is not pkt-line.
   */
  next(): PacketKind {
    if (!this.#fill(4)) return "eof";
    const length = this.#length();
    if (length < 4) {
      this.#start += 4;
      return length === 0 ? "flush" : length === 1 ? "delim" : "response-end";
    }
    this.#fill(length);
    this.#payload = this.#buffer.subarray(this.#start + 4, this.#start + length);
    this.#start += length;
    return "data";
  }

  /** Makes `count` bytes available; false when the stream ended before the first of them. */
  #fill(count: number): boolean {
    if (this.#start === this.#end) this.#start = this.#end = 0;
    else if (this.#start + count > this.#buffer.length) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    while (this.#end - this.#start < count) {
      const got = this.#input.read(this.#buffer, this.#end);
      if (got === 0 && this.#end === this.#start && count === 4) return false;
      if (got === 0) throw new MlgitError("interrupted", "the stream from git ended inside a packet");
      this.#end += got;
    }
    return true;
  }

  #length(): number {
    let length = 0;
    for (let i = this.#start; i < this.#start + 4; i++) length = (length << 4) | hexDigit(this.#buffer[i] ?? 0);
    if (length === 3 || length > 65_520) throw notPktLine(this.#buffer.subarray(this.#start, this.#start + 4));
    return length;
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  if (lower >= 0x61 && lower <= 0x66) return lower - 0x57;
  throw notPktLine(Buffer.of(byte));
}

function notPktLine(bytes: Buffer): MlgitError {
  return new MlgitError("corrupt", `not a packet of git's: length ${JSON.stringify(bytes.toString("latin1"))}`, {
    hint: "this command is started by git itself and speaks its protocol on stdin",
  });
}

/** Copying more costs more than a system call, and the wake-up of git that comes with each. */
const copyLimit = 32 << 10;

/** Gathers packets and writes them in few system calls. Nothing is sent before `send()`, except what no longer fits. */
export class PktWriter {
  readonly #fd: number;
  readonly #buffer: Buffer;
  #used = 0;

  constructor(fd: number, bufferSize = 65_536) {
    this.#fd = fd;
    this.#buffer = Buffer.allocUnsafeSlow(bufferSize);
  }

  /** One text line: the LF is added. */
  line(text: string | Uint8Array): void {
    const bytes = typeof text === "string" ? Buffer.from(text) : text;
    if (bytes.length >= maxPayload) throw new MlgitError("unsupported", "a line is too long for git's protocol");
    this.#reserve(bytes.length + 5);
    this.#header(bytes.length + 1);
    this.#buffer.set(bytes, this.#used);
    this.#buffer[this.#used + bytes.length] = 0x0a;
    this.#used += bytes.length + 1;
  }

  /** Bytes of any length, cut into packets. They may be changed again when this returns. */
  data(bytes: Uint8Array): void {
    if (bytes.length <= copyLimit && bytes.length > 0) {
      this.#reserve(bytes.length + 4);
      this.#header(bytes.length);
      this.#buffer.set(bytes, this.#used);
      this.#used += bytes.length;
    } else if (bytes.length > 0) this.#sendLarge(bytes);
  }

  flush(): void {
    this.#reserve(4);
    this.#used += this.#buffer.write("0000", this.#used, "latin1");
  }

  delim(): void {
    this.#reserve(4);
    this.#used += this.#buffer.write("0001", this.#used, "latin1");
  }

  /** Hands everything gathered to the operating system. */
  send(): void {
    if (this.#used > 0) writeAll(this.#fd, [this.#buffer.subarray(0, this.#used)]);
    this.#used = 0;
  }

  /** Large payloads go out from where they are: copying them first costs more than the system call. */
  #sendLarge(bytes: Uint8Array): void {
    const parts: Uint8Array[] = [this.#buffer.subarray(0, this.#used)];
    for (let at = 0; at < bytes.length; at += maxPayload) {
      const part = bytes.subarray(at, at + maxPayload);
      parts.push(Buffer.from((part.length + 4).toString(16).padStart(4, "0"), "latin1"), part);
    }
    // IOV_MAX is 1024 on Linux and macOS.
    for (let i = 0; i < parts.length; i += 512) writeAll(this.#fd, parts.slice(i, i + 512));
    this.#used = 0;
  }

  #reserve(count: number): void {
    if (this.#used + count > this.#buffer.length) this.send();
  }

  #header(payload: number): void {
    this.#used += this.#buffer.write((payload + 4).toString(16).padStart(4, "0"), this.#used, "latin1");
  }
}
