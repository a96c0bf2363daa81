// AssemblyScript, compiled by scripts/build-gear.mjs into gear-wasm.ts. Format: docs/format/chunking.md.
// Memory: the 256 × u64 gear table at 0, the caller's bytes anywhere after it.

const minimum: usize = 32768;
const maximum: usize = 196608;
const window: usize = 64;
const threshold: u64 = 1 << 49;

// @ts-ignore: decorator
@inline
function roll(h: u64, p: usize): u64 {
  return (h << 1) + load<u64>(<usize>load<u8>(p) << 3);
}

/** Address after the chunk that begins at `start`; `end` when nothing before it says so. */
export function cut(start: usize, end: usize): usize {
  if (end - start <= minimum) return end;
  let h: u64 = 0;
  let p: usize = start + minimum - window;
  const first: usize = p + window - 1;
  for (; p < first; p++) h = roll(h, p);
  const limit: usize = min<usize>(end, start + maximum);
  while (p < limit) {
    h = roll(h, p++);
    if (h < threshold) return p;
  }
  return limit;
}
