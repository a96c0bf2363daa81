import { passesThrough } from "../pointer/pass-through.ts";
import { formatPointer, pointerLimit } from "../pointer/pointer.ts";

/** Takes in one content; the cache's Ingest. */
export interface ContentSink {
  readonly size: number;
  /** Everything so far, while little came. */
  readonly head: Uint8Array | undefined;
  write(part: Uint8Array): void;
  finish(): { oid: string; size: number };
  abort(): void;
}

/** The same for what is likely large, which may have to be waited for. */
export interface LargeSink extends Pick<ContentSink, "size" | "head"> {
  write(part: Uint8Array): Promise<void> | undefined;
  finish(): Promise<{ oid: string; size: number }>;
  abort(): Promise<void>;
}

/**
 * What git stores for the bytes of a tracked file: its pointer, after the bytes were put into the cache.
 * Empty content and content that is a pointer already pass through byte for byte. The stream is the truth, never the
 * file of that name: git also sends what lies in no worktree.
 */
export function cleanContent(content: Iterable<Uint8Array>, sink: ContentSink): Uint8Array {
  try {
    for (const part of content) sink.write(part);
    return passThrough(sink) ?? formatPointer(sink.finish());
  } finally {
    sink.abort();
  }
}

/** The same for what is likely large. */
export async function cleanLarge(content: Iterable<Uint8Array>, sink: LargeSink): Promise<Uint8Array> {
  try {
    for (const part of content) {
      const writing = sink.write(part);
      if (writing) await writing;
    }
    return passThrough(sink) ?? formatPointer(await sink.finish());
  } finally {
    await sink.abort();
  }
}

function passThrough({ size, head }: Pick<ContentSink, "size" | "head">): Uint8Array | undefined {
  return size < pointerLimit && head && passesThrough(head) ? Buffer.from(head) : undefined;
}
