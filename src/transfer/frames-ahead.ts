import type { Codec, Frame } from "../chunk/codec.ts";
import { FrameCrew } from "../chunk/frame-crew.ts";
import type { FilePacker } from "../store/remote/packer-types.ts";

/** Fewer chunks are compressed sooner than handed over. */
const worthThreads = 8;
/** Chunks that were compressed one after the other before threads are worth starting for more. */
const worthStarting = 64;

interface Known {
  readonly id: Uint8Array;
  readonly frame?: Frame | undefined;
}

/** Of files that shrink, compresses the chunks that are new on all cores, a list at a time. */
export class FramesAhead {
  readonly #codec: Codec;
  #crew: FrameCrew | undefined;
  #alone = 0;
  #list: readonly Uint8Array[] | undefined;
  #known = new Map<number, Known>();

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /** What is known of a chunk of a list; undefined where the packer is to find out itself. To be asked for each in turn; good until the next question. */
  of(list: readonly Uint8Array[], number: number, file: FilePacker): Known | undefined {
    if (list !== this.#list) {
      this.#list = undefined;
      this.#known = new Map();
      if (list.length - number < worthThreads || !file.shrinks()) return undefined;
      const crew = this.#crewInTime();
      if (!crew) return undefined;
      this.#list = list;
      this.#lookAhead(number, file, crew);
    }
    return this.#known.get(number);
  }

  async stop(): Promise<void> {
    await this.#crew?.stop();
  }

  #crewInTime(): FrameCrew | undefined {
    if (this.#crew || ++this.#alone !== worthStarting) return this.#crew;
    this.#crew = FrameCrew.start(this.#codec);
    return this.#crew;
  }

  #lookAhead(from: number, file: FilePacker, crew: FrameCrew): void {
    const list = this.#list ?? [];
    const fresh: number[] = [];
    for (let number = from; number < list.length; number++) {
      const { id, isNew } = file.look(list[number] as Uint8Array);
      this.#known.set(number, { id });
      if (isNew) fresh.push(number);
    }
    if (fresh.length < worthThreads) return;
    const frames = crew.compress(fresh.map((number) => list[number] as Uint8Array));
    for (const [i, number] of fresh.entries())
      this.#known.set(number, { id: (this.#known.get(number) as Known).id, frame: frames?.[i] });
  }
}
