import { bufferOn, copyInto } from "../util/aligned.ts";

/** Bytes that are handed over at once, and chunks. */
export const mostBytes = 2 << 20;
export const mostTasks = 1023;

const undone = -1;
/** A number of 32 bits that says it all: round, number of tasks, the next one. Whoever takes a task does so for that very round. */
const taskBits = 10;
const roundBits = 12;

/** Memory that threads share to compress chunks: each takes the next task until there are none. */
export interface FrameMemory {
  /** Round, number of tasks, next task. Sleepers wait for another value. */
  readonly turn: Int32Array;
  /** Where each task's plain bytes begin in `input`, and where those of the last end. */
  readonly starts: Int32Array;
  /** Bytes of each frame, which lies in `output` where its plain bytes lie in `input`; 0 where it is not worth keeping, -1 before it is done. */
  readonly lengths: Int32Array;
  readonly input: Uint8Array;
  readonly output: Uint8Array;
}

/** Shared memory for one list of chunks after the other. */
export function frameMemory(): FrameMemory {
  const numbers = (count: number) => new Int32Array(new SharedArrayBuffer(4 * count));
  const bytes = () => new Uint8Array(new SharedArrayBuffer(mostBytes));
  return {
    turn: numbers(1),
    starts: numbers(mostTasks + 1),
    lengths: numbers(mostTasks),
    input: bytes(),
    output: bytes(),
  };
}

/** Lays chunks out and wakes the threads; everything of the round before is done. They fit: at most `mostTasks`, `mostBytes` altogether. */
export function beginRound({ turn, starts, lengths, input }: FrameMemory, plains: readonly Uint8Array[]): void {
  let at = 0;
  for (const [i, plain] of plains.entries()) {
    starts[i] = at;
    lengths[i] = undone;
    copyInto(bufferOn(input), plain, at);
    at += plain.length;
  }
  starts[plains.length] = at;
  const round = ((Atomics.load(turn, 0) >>> (2 * taskBits)) + 1) % (1 << roundBits);
  Atomics.store(turn, 0, (round << (2 * taskBits)) | (plains.length << taskBits));
  Atomics.notify(turn, 0);
}

/** The next task of this round, or undefined when all are taken. */
export function takeTask({ turn }: FrameMemory): number | undefined {
  for (;;) {
    const now = Atomics.load(turn, 0);
    const task = now & ((1 << taskBits) - 1);
    if (task >= ((now >>> taskBits) & ((1 << taskBits) - 1))) return undefined;
    if (Atomics.compareExchange(turn, 0, now, now + 1) === now) return task;
  }
}

/** Does a task that was taken. `compress` gives the same bytes again where they are not worth compressing. */
export function doTask(memory: FrameMemory, task: number, compress: (plain: Uint8Array) => Uint8Array): void {
  const { starts, lengths, input, output } = memory;
  const start = starts[task] as number;
  const plain = input.subarray(start, starts[task + 1]);
  const frame = compress(plain);
  const kept = frame !== plain && frame.length < plain.length;
  if (kept) copyInto(bufferOn(output), frame, start);
  Atomics.store(lengths, task, kept ? frame.length : 0);
  Atomics.notify(lengths, task);
}

/** Waits for a task that some thread took; blocks this one. False when it is not done in time. */
export function awaitTask({ lengths }: FrameMemory, task: number, patienceMs: number): boolean {
  return Atomics.wait(lengths, task, undone, patienceMs) !== "timed-out";
}
