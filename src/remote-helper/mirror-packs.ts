/** From this many pack files on, git is noticeably slower, and a clone would get as many. */
const most = 24;

/**
 * Which pack files to make one of: the smallest, as many as are not outweighed by the next larger one, so that a byte is copied
 * a few times however often packs come. `sizes`: name → bytes. Nothing while there are few.
 */
export function packsToJoin(sizes: ReadonlyMap<string, number>): string[] {
  if (sizes.size <= most) return [];
  const ascending = [...sizes].sort(([, a], [, b]) => a - b);
  let sum = 0;
  let count = 0;
  for (const [i, [, size]] of ascending.entries()) {
    if (size > 2 * sum && i >= most / 2) break;
    sum += size;
    count++;
  }
  return ascending.slice(0, count).map(([name]) => name);
}
