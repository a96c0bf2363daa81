import type { FileToPack } from "./open-pack.ts";

/** Files for the pack in hand, until they are written together. */
export class PackBatch {
  #files: FileToPack[] = [];
  readonly #oids = new Set<string>();
  #bytes = 0;
  #chunks = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get chunks(): number {
    return this.#chunks;
  }

  /** Whether it was added, be it written by now or not. */
  has(oid: string): boolean {
    return this.#oids.has(oid);
  }

  add(one: FileToPack): void {
    this.#files.push(one);
    this.#oids.add(one.file.oid);
    this.#bytes += one.content.length;
    this.#chunks += one.file.chunks.length;
  }

  /** What is to be written; it begins anew. */
  take(): FileToPack[] {
    const files = this.#files;
    this.#files = [];
    this.#bytes = 0;
    this.#chunks = 0;
    return files;
  }
}
