/** Bytes that are the same in every run: xorshift32 from a seed. */
export function randomBytesOf(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const next = randomOf(seed);
  for (let at = 0; at < length; at++) bytes[at] = next() & 0xff;
  return bytes;
}

/** A source of unsigned 32-bit numbers, the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e37_79b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
