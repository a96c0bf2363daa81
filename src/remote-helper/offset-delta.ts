/* gitformat-pack(5): how far before an entry that one begins on which it builds, seven bits a byte, largest first, each longer form beginning where the shorter ends. */

/** @returns the distance, and where the delta itself begins. */
export function readOffset(bytes: Uint8Array, from: number): { readonly distance: number; readonly end: number } {
  let at = from;
  let byte = bytes[at++] ?? 0;
  let distance = byte & 0x7f;
  while (byte >= 0x80) {
    byte = bytes[at++] ?? 0;
    distance = (distance + 1) * 128 + (byte & 0x7f);
  }
  return { distance, end: at };
}

export function writeOffset(distance: number): Buffer {
  const bytes = [distance % 128];
  for (let rest = Math.floor(distance / 128); rest > 0; rest = Math.floor(rest / 128)) {
    rest--;
    bytes.unshift(0x80 | (rest % 128));
  }
  return Buffer.from(bytes);
}
