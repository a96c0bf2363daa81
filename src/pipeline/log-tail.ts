import { redactText } from "../log/redact.ts";

const longest = 64 * 1024;

/** Keeps the end of what a command prints, for the run's record. */
export class LogTail {
  #parts: Buffer[] = [];
  #length = 0;
  #cut = false;

  add(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    while (this.#length - (this.#parts[0]?.length ?? 0) >= longest) {
      this.#length -= this.#parts.shift()?.length ?? 0;
      this.#cut = true;
    }
  }

  /** Undefined when nothing was printed. Credentials in URLs are blanked. */
  text(): Buffer | undefined {
    if (this.#length === 0) return undefined;
    const all = Buffer.concat(this.#parts);
    const tail = all.subarray(Math.max(0, all.length - longest)).toString("utf8");
    return Buffer.from(`${this.#cut || all.length > longest ? "…\n" : ""}${redactText(tail)}`);
  }
}
