import { createHash } from "node:crypto";
import type { Verifier } from "./take-in.ts";

/** How a DVC names content: DVC 3 by the MD5 of the bytes; earlier ones by that of the text with Unix line ends, where it took a file for text. */
export type DvcHash = "md5" | "md5-dos2unix";

/** DVC reads so much at a time, and a line end that lies across two parts stays as it is. */
const partSize = 1 << 20;

/** Accepts bytes whose MD5 is this one. With `md5-dos2unix` also text whose line ends were changed for hashing, never more than that. */
export class Md5Verifier implements Verifier {
  readonly #wanted: string;
  readonly #plain = createHash("md5");
  readonly #unix: UnixHash | undefined;

  constructor(wanted: string, kind: DvcHash) {
    this.#wanted = wanted;
    this.#unix = kind === "md5-dos2unix" ? new UnixHash() : undefined;
  }

  update(part: Uint8Array): void {
    this.#plain.update(part);
    this.#unix?.update(part);
  }

  isRight(): boolean {
    return this.#plain.digest("hex") === this.#wanted || this.#unix?.digest() === this.#wanted;
  }
}

class UnixHash {
  readonly #hash = createHash("md5");
  #filled = 0;
  #endsInCr = false;

  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + partSize - this.#filled);
      this.#add(bytes.subarray(at, end));
      this.#filled += end - at;
      at = end;
      if (this.#filled === partSize) this.#endPart();
    }
  }

  digest(): string {
    this.#endPart();
    return this.#hash.digest("hex");
  }

  /** One piece of a part; a CR at its end waits for what follows. */
  #add(piece: Uint8Array): void {
    const text = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString("latin1");
    const whole = (this.#endsInCr ? "\r" : "") + text;
    this.#endsInCr = whole.endsWith("\r");
    const ready = this.#endsInCr ? whole.slice(0, -1) : whole;
    this.#hash.update(ready.replaceAll("\r\n", "\n"), "latin1");
  }

  #endPart(): void {
    if (this.#endsInCr) this.#hash.update("\r");
    this.#endsInCr = false;
    this.#filled = 0;
  }
}

/** Where a DVC's cache or remote has a content, relative to its folder: the layout of DVC 3 and the earlier one. */
export function dvcPaths(md5: string, kind: DvcHash): string[] {
  const name = `${md5.slice(0, 2)}/${md5.slice(2)}`;
  return kind === "md5" ? [`files/md5/${name}`, name] : [name, `files/md5/${name}`];
}
