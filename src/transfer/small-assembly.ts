import { hash } from "node:crypto";
import type { Assembly } from "./assembly.ts";
import { contentMismatch } from "./content-mismatch.ts";
import type { SmallArrivals } from "./small-arrivals.ts";

/** In memory until it is whole. */
export class SmallAssembly implements Assembly {
  readonly #file: { readonly oid: string; readonly size: number };
  readonly #arrivals: SmallArrivals;
  /** Made when the first of several pieces comes: many thousands of files may be waiting. */
  #content: Buffer | undefined;
  #stored = false;

  constructor(file: { oid: string; size: number }, arrivals: SmallArrivals) {
    this.#file = file;
    this.#arrivals = arrivals;
  }

  write(bytes: Uint8Array, offset: number): void {
    // Most small files are one piece, which is stored from where it lies.
    if (bytes.length === this.#file.size) this.#store(bytes);
    else {
      this.#content ??= Buffer.alloc(this.#file.size);
      this.#content.set(bytes, offset);
    }
  }

  finish(): undefined {
    if (!this.#stored) this.#store(this.#content ?? Buffer.alloc(0));
    this.#content = undefined;
  }

  #store(content: Uint8Array): void {
    if (hash("sha256", content, "hex") !== this.#file.oid) throw contentMismatch(this.#file.oid);
    this.#arrivals.add(this.#file.oid, content);
    this.#stored = true;
  }

  abort(): void {
    this.#content = undefined;
  }

  leave(): void {
    this.abort();
  }
}
