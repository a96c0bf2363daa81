import { createHash } from "node:crypto";
import { MlgitError } from "../error/mlgit-error.ts";

export const sampleTypes = ["group", "range", "random"] as const;
export type SampleType = (typeof sampleTypes)[number];

export interface SampleWish {
  readonly type: SampleType;
  /** `amount:of` for group and random, `start:stop[:step]` for range (`stop` may be `all`). */
  readonly sampling: string;
  /** The same seed gives the same sample of the same files, on every machine. */
  readonly seed: number;
}

/**
 * Which of `count` files, in the order of their paths, belong to a sample; ascending.
 * `group` a:g takes a of each g, `random` a:f takes round(count·a/f) of all, `range` takes every step-th from start to before stop.
 * @throws MlgitError kind `usage` for numbers that make no sense.
 */
export function chooseSample(count: number, { type, sampling, seed }: SampleWish): number[] {
  if (type === "range") return chooseRange(count, sampling);
  const [amount = 0, of = 0] = pairOf(type, sampling);
  const noun = type === "group" ? "group size" : "frequency";
  if (amount >= of) throw wrong(`the amount (${amount}) has to be smaller than the ${noun} (${of})`);
  if (of > count) throw wrong(`the ${noun} (${of}) has to be at most the number of files, ${count}`);
  const draw = generator(seed);
  if (type === "random") return pick(0, count, { amount: Math.round((count * amount) / of), draw });
  const chosen: number[] = [];
  for (let start = 0; start < count; start += of)
    chosen.push(...pick(start, Math.min(start + of, count), { amount, draw }));
  return chosen;
}

function chooseRange(count: number, sampling: string): number[] {
  const [, first = "", last = "", every = "1"] = /^(\d+):(\d+|all|-1)(?::(\d+))?$/.exec(sampling) ?? [];
  if (first === "") throw wrong(`${JSON.stringify(sampling)} is no range`, "--sample-type=range --sampling=0:100:2");
  const start = Number(first);
  const stop = last === "all" || last === "-1" ? count : Number(last);
  const step = Number(every);
  if (start >= stop) throw wrong(`the start (${start}) has to be smaller than the stop (${stop})`);
  if (stop > count) throw wrong(`the stop (${stop}) has to be at most the number of files, ${count}`);
  if (step < 1 || step >= stop)
    throw wrong(`the step (${step}) has to be at least 1 and smaller than the stop (${stop})`);
  return Array.from({ length: Math.ceil((stop - start) / step) }, (_, i) => start + i * step);
}

function pairOf(type: SampleType, sampling: string): readonly number[] {
  const [, amount, of] = /^(\d+):(\d+)$/.exec(sampling) ?? [];
  if (amount !== undefined && Number(amount) > 0) return [Number(amount), Number(of)];
  throw wrong(`${JSON.stringify(sampling)} is no ${type} sample`, `--sample-type=${type} --sampling=1:1000`);
}

interface Draw {
  readonly amount: number;
  readonly draw: () => number;
}

/** Some of the numbers from `start` to before `end`, each as likely as the others; ascending. Fisher and Yates's shuffle, broken off. */
function pick(start: number, end: number, { amount, draw }: Draw): number[] {
  const all = Array.from({ length: end - start }, (_, i) => start + i);
  const taken = Math.min(amount, all.length);
  for (let i = 0; i < taken; i++) {
    const j = i + Math.floor(draw() * (all.length - i));
    [all[i], all[j]] = [all[j] as number, all[i] as number];
  }
  return all.slice(0, taken).sort((a, b) => a - b);
}

/** Numbers of [0, 1) from SHA-256 of the seed and a counter: slow beside others, and the same everywhere and for ever. */
function generator(seed: number): () => number {
  let counter = 0;
  return () => createHash("sha256").update(`${seed}:${counter++}`).digest().readUInt32BE(0) / 2 ** 32;
}

function wrong(message: string, hint?: string): MlgitError {
  return new MlgitError("usage", message, hint === undefined ? {} : { hint });
}
