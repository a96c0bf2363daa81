// AssemblyScript, compiled by scripts/build-gear.mjs into gear-wasm.ts. Format: docs/format/chunking.md.
// Memory: the 256 × u64 gear table at 0, the caller's bytes anywhere after it.

const minimum: usize = 32768;
const maximum: usize = 196608;
const window: usize = 64;
const threshold: u64 = 1 << 49;

/** One byte further; `shifted` holds it in bits 3 to 10, where it is an offset in the gear table. */
// @ts-ignore: decorator
@inline
function roll(h: u64, shifted: u64): u64 {
  return (h << 1) + load<u64>(<usize>shifted & 0x7f8);
}

/** Address after the chunk that begins at `start`; `end` when nothing before it says so. */
export function cut(start: usize, end: usize): usize {
  if (end - start <= minimum) return end;
  let h: u64 = 0;
  let p: usize = start + minimum - window;
  const first: usize = p + window - 1;
  for (; p < first; p++) h = roll(h, <u64>load<u8>(p) << 3);

  const limit: usize = min<usize>(end, start + maximum);
  // Eight bytes by one load: twice as fast as byte by byte.
  const blocks: usize = p + ((limit - p) & ~7);
  for (; p < blocks; p += 8) {
    const bytes = load<u64>(p);
    h = roll(h, bytes << 3);
    if (h < threshold) return p + 1;
    h = roll(h, bytes >> 5);
    if (h < threshold) return p + 2;
    h = roll(h, bytes >> 13);
    if (h < threshold) return p + 3;
    h = roll(h, bytes >> 21);
    if (h < threshold) return p + 4;
    h = roll(h, bytes >> 29);
    if (h < threshold) return p + 5;
    h = roll(h, bytes >> 37);
    if (h < threshold) return p + 6;
    h = roll(h, bytes >> 45);
    if (h < threshold) return p + 7;
    h = roll(h, bytes >> 53);
    if (h < threshold) return p + 8;
  }
  while (p < limit) {
    h = roll(h, <u64>load<u8>(p++) << 3);
    if (h < threshold) return p;
  }
  return limit;
}
