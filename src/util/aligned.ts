/** The part of WebAssembly used here; TypeScript has it only among the browser's types. */
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number });
    readonly buffer: ArrayBuffer;
  }
}

const page = 65_536;

/** Memory that begins where a page of memory does, so that a disk can take it without a copy in between. V8 gives WebAssembly such memory, and nothing else. */
export function alignedBytes(length: number): Uint8Array {
  return new Uint8Array(new WebAssembly.Memory({ initial: Math.ceil(length / page) }).buffer, 0, length);
}
