import { lstatSync } from "node:fs";

/** Fewer files than this are not worth starting threads for, unless they are large. */
const worthThreads = 32;
/** Files handed to a thread at a time: enough to hide the message, few enough to end together. */
export const batchSize = 64;
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
  return [...alone.map(({ number }) => [number]), ...batchesOf(rest, sizes)];
}

/** Of at most so many files, and of few when they are large: whoever gets the last batch keeps all others waiting. */
function batchesOf(numbers: readonly number[], sizes: readonly number[]): number[][] {
  const batches: number[][] = [];
  let bytes = 0;
  for (const number of numbers) {
    const last = batches.at(-1);
    const fits = last && last.length < batchSize && bytes < large;
    bytes = (fits ? bytes : 0) + (sizes[number] ?? 0);
    if (fits) last.push(number);
    else batches.push([number]);
  }
  return batches;
}

/** Files whose sizes stand for those of all. */
const samples = 64;
/** What a file of no bytes takes, and what a byte takes more, in seconds. */
const perFile = 50e-6;
const perByte = 3e-9;

/** About how long one thread is busy with these files, in seconds. */
export function workOf(files: readonly Buffer[]): number {
  const step = Math.max(1, Math.floor(files.length / samples));
  const looked = files.filter((_, i) => i % step === 0);
  const bytes = looked.reduce((sum, file) => sum + sizeOf(file), 0);
  return files.length * (perFile + (perByte * bytes) / Math.max(1, looked.length));
}

/** Whoever adds the file says what is wrong with it. */
function sizeOf(file: Buffer): number {
  return lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
