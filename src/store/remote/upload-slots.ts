import { alignedBytes } from "../../util/aligned.ts";

/** Memory for packs: how many fill or are under way at once, and their bytes. A push shall do with 300 MB altogether, of which Node and the SDK take 120. */
const slots = 3;
const slotBytes = 24 << 20;
/** With more contents than this their list takes tens of megabytes: packs leave it room. */
const manyContents = 262_144;
const smallSlotBytes = 16 << 20;

/** The buffers of a push: packs grow in them and are sent from them. A failed upload fails whoever comes next. */
export class UploadSlots {
  readonly #bytes: number;
  readonly #uploads = new Set<Promise<void>>();
  readonly #free: Uint8Array[] = [];
  #made = 0;
  #failure: { error: unknown } | undefined;

  /** @param contents how many are to be sent. */
  constructor(contents: number) {
    this.#bytes = contents > manyContents ? smallSlotBytes : slotBytes;
  }

  /** A buffer for the next pack; waits until one is free. @throws what an upload failed with */
  async take(): Promise<Uint8Array> {
    this.check();
    while (this.#free.length === 0 && this.#made === slots) {
      await Promise.race(this.#uploads);
      this.check();
    }
    const free = this.#free.pop();
    if (free) return free;
    this.#made++;
    return alignedBytes(this.#bytes);
  }

  /** Gives a buffer back unused. */
  release(buffer: Uint8Array): void {
    this.#free.push(buffer);
  }

  /** Begins an upload of what the buffer holds; the buffer is free again when it worked. */
  start(buffer: Uint8Array, upload: () => Promise<void>): void {
    const done = upload().then(
      () => this.release(buffer),
      (error) => {
        this.#failure ??= { error };
      },
    );
    this.#uploads.add(done);
    done.finally(() => this.#uploads.delete(done));
  }

  /** Resolves when nothing is under way. @throws what an upload failed with */
  async finish(): Promise<void> {
    await Promise.all(this.#uploads);
    this.check();
  }

  /** Lets the memory of free buffers go. */
  clear(): void {
    this.#made -= this.#free.length;
    this.#free.length = 0;
  }

  check(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
