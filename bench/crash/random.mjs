/** A source of numbers that is the same for the same seed: xorshift32. */
export function randomOf(seed) {
  let state = Math.imul(seed + 1, 0x9e37_79b1) | 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const below = (limit) => next() % limit;
  return {
    below,
    pick: (list) => list[below(list.length)],
    chance: (percent) => below(100) < percent,
    bytes: (length) => {
      const out = Buffer.allocUnsafe(length);
      for (let i = 0; i < length; i++) out[i] = next() >>> 24;
      return out;
    },
  };
}
