/** The part of WebAssembly used here; TypeScript has it only among the browser's types. */
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number; maximum: number; shared: true });
    readonly buffer: SharedArrayBuffer;
  }
}

const page = 65_536;

/**
 * Memory that begins where a page of memory does, so that a disk can take it without a copy in between, and that other threads see. V8 gives WebAssembly
 * such memory, and nothing else.
 */
export function alignedBytes(length: number): Uint8Array {
  const pages = Math.ceil(length / page);
  return new Uint8Array(new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer, 0, length);
}
