const page = 65_536;

/**
 * Memory that begins where a page of memory does, so that a disk can take it without a copy in between, and that other threads see. V8 gives WebAssembly
 * such memory, and nothing else.
 */
export function alignedBytes(length: number): Uint8Array {
  const pages = Math.ceil(length / page);
  return new Uint8Array(new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer, 0, length);
}

/** The same bytes, for whoever wants a Buffer. */
export function bufferOn({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/**
 * Copies bytes from one memory into another, which may be shared. There `set` copies byte by byte where source and target do not begin alike within a word, at a fifth of
 * the speed or less (V8, Relaxed_Memcpy); what `fill` calls is memcpy(3).
 */
export function copyInto(target: Buffer, bytes: Uint8Array, at: number): void {
  if (bytes.length > 0) target.fill(bytes, at, at + bytes.length);
}
