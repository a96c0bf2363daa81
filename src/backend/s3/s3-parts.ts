import * as z from "../../util/schema.ts";
import type { UploadMemory } from "../backend.ts";
import type { ArrivedPart, S3Api } from "./s3-api.ts";

/** S3 wants at least 5 MiB. What a lost connection costs, and what is signed, hashed and sent at a time. */
export const partSize = 8 << 20;

const stateShape = z.object({
  key: z.string(),
  id: z.string().check(z.minLength(1)),
  partSize: z.number(),
  /** By part number: MD5 in hex, and the tag that the server gave. */
  parts: z.record(z.string(), z.object({ md5: z.string(), tag: z.string() })),
});

type State = z.infer<typeof stateShape>;

export interface SentPart {
  readonly tag: string;
  /** Hex. */
  readonly md5: string;
}

export interface PartOptions {
  readonly memory?: UploadMemory | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Default: `partSize`. */
  readonly partSize?: number;
}

/** An upload in parts that may have been begun by another process. What was noted counts only as far as the server lists the same. */
export class PartUpload {
  readonly id: string;
  readonly #state: State;
  readonly #arrived: ReadonlyMap<number, ArrivedPart>;
  readonly #memory: UploadMemory | undefined;

  private constructor(state: State, arrived: ReadonlyMap<number, ArrivedPart>, memory: UploadMemory | undefined) {
    this.id = state.id;
    this.#state = state;
    this.#arrived = arrived;
    this.#memory = memory;
  }

  /** The upload that the memory speaks of, if the server still has it; "gone" if it has it no more: finished, or removed. */
  static async resume(api: S3Api, key: string, options: PartOptions): Promise<PartUpload | "gone" | undefined> {
    const state = parseState(options.memory?.recall(), key);
    if (state?.partSize !== (options.partSize ?? partSize)) return undefined;
    const arrived = await api.listParts({ key, id: state.id, signal: options.signal });
    return arrived ? new PartUpload(state, arrived, options.memory) : "gone";
  }

  static async start(api: S3Api, key: string, options: PartOptions): Promise<PartUpload> {
    const id = await api.startUpload(key, options.signal);
    const state: State = { key, id, partSize: options.partSize ?? partSize, parts: {} };
    options.memory?.note(JSON.stringify(state));
    return new PartUpload(state, new Map(), options.memory);
  }

  /** The part, if the server has it with these very bytes: by its MD5, or by the tag that it gave for them. */
  arrived(number: number, md5: string, size: number): SentPart | undefined {
    const there = this.#arrived.get(number);
    if (there?.size !== size) return undefined;
    const noted = this.#state.parts[number];
    const same = unquoted(there.tag) === md5 || (noted?.md5 === md5 && noted.tag === there.tag);
    return same ? { tag: there.tag, md5 } : undefined;
  }

  note(number: number, part: SentPart): void {
    this.#state.parts[number] = part;
    this.#memory?.note(JSON.stringify(this.#state));
  }
}

/** Removes the parts of an upload that nobody will finish; harmless when they are gone. */
export async function abandonUpload(api: S3Api, key: string, text: string): Promise<void> {
  const state = parseState(text, key);
  if (state && (await api.listParts({ key, id: state.id }))) await api.abortUpload({ key, id: state.id });
}

/** Undefined for anything that this program did not write for this key. */
function parseState(text: string | undefined, key: string): State | undefined {
  if (text === undefined) return undefined;
  try {
    const state = stateShape.parse(JSON.parse(text));
    return state.key === key ? state : undefined;
  } catch {
    return undefined;
  }
}

function unquoted(tag: string): string {
  return tag.replace(/^"|"$/g, "");
}
