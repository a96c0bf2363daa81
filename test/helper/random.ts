const made = new Map<string, Buffer>();
let kept = 0;

/** Bytes that are the same in every run: xorshift32 from a seed. */
export function randomBytesOf(seed: number, length: number): Buffer {
  return copyOf(`${seed} ${length}`, () => {
    const bytes = Buffer.alloc(length);
    const next = randomOf(seed);
    for (let at = 0; at < length; at++) bytes[at] = next() & 0xff;
    return bytes;
  });
}

/** Tests ask for the same bytes again and again, and may change what they get. */
export function copyOf(name: string, make: () => Buffer): Buffer {
  const known = made.get(name);
  if (known) return Buffer.from(known);
  const bytes = make();
  if (kept + bytes.length > 64_000_000) return bytes;
  kept += bytes.length;
  made.set(name, bytes);
  return Buffer.from(bytes);
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
