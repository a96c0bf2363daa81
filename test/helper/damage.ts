import { isMlgitError } from "../../src/error/mlgit-error.ts";
import { randomOf } from "./random.ts";

/** Copies of `bytes` damaged at random: flipped bits, words set to extremes, cut short, lengthened, parts moved. */
export function* damagedCopies(bytes: Uint8Array, rounds: number, seed: number): Iterable<Buffer> {
  const next = randomOf(seed);
  for (let round = 0; round < rounds; round++) {
    const copy = Buffer.from(bytes);
    switch (next() % 6) {
      case 0:
        yield copy.subarray(0, next() % copy.length);
        break;
      case 1:
        yield Buffer.concat([copy, Buffer.alloc(1 + (next() % 100), next())]);
        break;
      case 2:
        copy.copyWithin(next() % copy.length, next() % copy.length, next() % copy.length);
        yield copy;
        break;
      case 3:
        copy.writeUInt32LE([0, 1, 0x7fff_ffff, 0xffff_ffff][next() % 4]!, next() % (copy.length - 4));
        yield copy;
        break;
      default:
        for (let flips = next() % 5; flips >= 0; flips--) copy[next() % copy.length]! ^= 1 << (next() % 8);
        yield copy;
    }
  }
}

/** What `work` returns, or undefined if it found damage; any other error is the caller's failure. */
export function unlessDamaged<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isMlgitError(error) && (error.kind === "corrupt" || error.kind === "unsupported")) return undefined;
    throw error;
  }
}
