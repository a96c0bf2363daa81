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

/** @returns how many bytes it took. */
export function writeOffset(out: Uint8Array, at: number, distance: number): number {
  let length = 1;
  for (let rest = Math.floor(distance / 128); rest > 0; rest = Math.floor((rest - 1) / 128)) length++;
  let rest = distance;
  for (let i = length - 1; i >= 0; i--) {
    out[at + i] = (i === length - 1 ? 0 : 0x80) | (rest % 128);
    rest = Math.floor(rest / 128) - 1;
  }
  return length;
}
