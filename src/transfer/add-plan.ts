import { lstatSync } from "node:fs";

/** Fewer files than this are not worth starting threads for, unless they are large. */
const worthThreads = 32;
/** Files handed to a thread at a time: enough to hide the message, few enough to end together. */
const batchSize = 16;
/** A file that keeps a thread busy for longer than starting it takes. */
const large = 16 << 20;
/** Of so many files, sizes are not looked up: whatever they are, all threads have work. */
const mostLooked = 2000;

/**
 * Which files go to a thread together, as their numbers: large ones alone and before all others, the largest first, so that the threads end
 * together; the rest in their order, so that packs keep it. Undefined where threads are not worth starting.
 */
export function planAdd(files: readonly Buffer[]): number[][] | undefined {
  const sizes = files.length <= mostLooked ? files.map(sizeOf) : [];
  const alone = sizes.flatMap((size, number) => (size >= large ? [{ number, size }] : []));
  if (files.length < worthThreads && alone.length < 2) return undefined;
  alone.sort((a, b) => b.size - a.size);
  const rest = files.flatMap((_, number) => ((sizes[number] ?? 0) >= large ? [] : [number]));
  const batches = Array.from({ length: Math.ceil(rest.length / batchSize) }, (_, i) =>
    rest.slice(i * batchSize, (i + 1) * batchSize),
  );
  return [...alone.map(({ number }) => [number]), ...batches];
}

/** Whoever adds the file says what is wrong with it. */
function sizeOf(file: Buffer): number {
  return lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
