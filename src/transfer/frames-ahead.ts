import type { Codec, Frame } from "../chunk/codec.ts";
import { FrameCrew } from "../chunk/frame-crew.ts";
import { mostBytes } from "../chunk/frame-tasks.ts";
import type { CutChunk } from "../chunk/region-cutter.ts";
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
  #list: readonly CutChunk[] = [];
  /** How far was looked ahead in it. */
  #until = 0;
  readonly #known = new Map<number, Known>();

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /** What is known of a chunk of a list; undefined where the packer is to find out itself. To be asked for each in turn; good until the next question. */
  of(list: readonly CutChunk[], number: number, file: FilePacker): Known | undefined {
    if (list !== this.#list || number >= this.#until) {
      this.#list = list;
      this.#until = number;
      this.#known.clear();
      if (list.length - number < worthThreads || !file.shrinks()) return undefined;
      const crew = this.#crewInTime();
      if (crew) this.#lookAhead(file, crew);
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

  #lookAhead(file: FilePacker, crew: FrameCrew): void {
    const fresh: number[] = [];
    let bytes = 0;
    for (const { plain, id: known } of this.#list.slice(this.#until)) {
      bytes += plain.length;
      if (bytes > mostBytes) break;
      const { id, isNew } = file.look(plain, known);
      this.#known.set(this.#until, { id });
      if (isNew) fresh.push(this.#until);
      this.#until++;
    }
    if (fresh.length < worthThreads) return;
    const frames = crew.compress(fresh.map((number) => (this.#list[number] as CutChunk).plain));
    for (const [i, number] of fresh.entries())
      this.#known.set(number, { id: (this.#known.get(number) as Known).id, frame: frames?.[i] });
  }
}
