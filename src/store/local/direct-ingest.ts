import { bufferOn, copyInto } from "../../util/aligned.ts";
import { DirectTake } from "./direct-take.ts";
import type { Ingest, IngestTarget } from "./ingest.ts";
import { wholeFileLimit } from "./layout.ts";

/** Takes one content, part by part, that is likely large: past the page cache. Ends with `finish` or `abort`. */
export class DirectIngest {
  readonly #take: DirectTake;
  readonly #usual: () => Ingest;
  #room: Buffer | undefined;
  #filled = 0;
  #size = 0;
  #closed = false;

  /** Undefined where it is better taken in the usual way. @param likely its size in bytes; it may turn out to have another. @param usual takes what turns out small */
  static open(target: IngestTarget, likely: number, usual: () => Ingest): DirectIngest | undefined {
    const take = DirectTake.open(target, likely);
    return take && new DirectIngest(take, usual);
  }

  private constructor(take: DirectTake, usual: () => Ingest) {
    this.#take = take;
    this.#usual = usual;
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  /** Everything so far, while it is little; a view that lives until the next write. */
  get head(): Uint8Array | undefined {
    if (this.#size === 0) return new Uint8Array(0);
    return this.#size === this.#filled ? this.#room?.subarray(0, this.#filled) : undefined;
  }

  /** The part is needed until this resolves, or no more where it returns nothing. */
  write(part: Uint8Array): Promise<void> | undefined {
    this.#size += part.length;
    if (!this.#room || this.#filled + part.length > this.#room.length) return this.#spread(part);
    this.#put(this.#room, part);
    return undefined;
  }

  /** Stores what came; the bytes are safe from a crash of this process when it resolves. */
  async finish(): Promise<{ oid: string; size: number }> {
    const { head } = this;
    if (this.#size < wholeFileLimit && head) return this.#finishSmall(head);
    this.#take.write(this.#filled);
    const oid = await this.#take.end();
    this.#take.adopt(oid);
    return { oid, size: this.#size };
  }

  /** Forgets what came. Harmless after finish. */
  async abort(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#take.close();
  }

  async #spread(part: Uint8Array): Promise<void> {
    for (let at = 0; at < part.length; ) {
      const room = this.#room && this.#filled < this.#room.length ? this.#room : await this.#next();
      const taken = part.subarray(at, at + room.length - this.#filled);
      this.#put(room, taken);
      at += taken.length;
    }
  }

  async #next(): Promise<Buffer> {
    this.#take.write(this.#filled);
    const room = bufferOn(await this.#take.room());
    this.#room = room;
    this.#filled = 0;
    return room;
  }

  #put(room: Buffer, part: Uint8Array): void {
    copyInto(room, part, this.#filled);
    this.#take.hash(part);
    this.#filled += part.length;
  }

  #finishSmall(head: Uint8Array): { oid: string; size: number } {
    const ingest = this.#usual();
    try {
      ingest.write(head);
      return ingest.finish();
    } finally {
      ingest.abort();
    }
  }
}
