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

/**
 * What git stores for the bytes of a tracked file: its pointer, after the bytes were put into the cache.
 * Empty content and content that is a pointer already pass through byte for byte. The stream is the truth, never the
 * file of that name: git also sends what lies in no worktree.
 */
export function cleanContent(content: Iterable<Uint8Array>, sink: ContentSink): Uint8Array {
  try {
    for (const part of content) sink.write(part);
    const passed = sink.size < pointerLimit && sink.head ? passThrough(sink.head) : undefined;
    return passed ?? formatPointer(sink.finish());
  } finally {
    sink.abort();
  }
}

function passThrough(bytes: Uint8Array): Uint8Array | undefined {
  return passesThrough(bytes) ? Buffer.from(bytes) : undefined;
}
