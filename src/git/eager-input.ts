import { constants, fstatSync, openSync, readSync } from "node:fs";
import { systemCode } from "../error/mlgit-error.ts";
import { milliseconds } from "../util/clock.ts";
import { readSome } from "./fd.ts";

/** Reads that wait as ever before it is worth a second descriptor: git checks out one file more often than thousands. */
const patientReads = 16;
/** Milliseconds that git needs to take an answer, write its file and ask for the next one, and some more: new files take longer on some disks. */
const glance = 0.2;
/** So many reads in a row wait as ever, at most, when git took longer again and again. */
const mostPatience = 255;

/**
 * A pipe whose other end writes again within microseconds of our answer: it is looked at for that long before the process goes to sleep. Waking a sleeping
 * process on another core costs both sides more than the work in between, on a virtual machine most of all: 10,000 files of 10 kB are checked out in
 * 0.9 s where it took 1.4. Where looking does not help (one core, a busy machine, a slow git) it soon stops, and tries again from time to time.
 */
export class EagerInput {
  readonly #fd: number;
  /** The same pipe, opened once more: what is not blocking here still is for everybody else. */
  #open: number | undefined;
  #patience = patientReads;
  #misses = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Reads what is there, or waits for it; 0 at the end of the stream. */
  read(into: Uint8Array, offset: number): number {
    if (this.#patience > 0) this.#patience--;
    else {
      const got = this.#look(into, offset);
      if (got !== undefined) return got;
    }
    return readSome(this.#fd, into, offset);
  }

  /** Undefined when nothing came. */
  #look(into: Uint8Array, offset: number): number | undefined {
    const { stackTraceLimit } = Error;
    // "Nothing yet" is an exception of Node's: its stack would cost as much as the wait.
    Error.stackTraceLimit = 0;
    try {
      this.#open ??= openAgain(this.#fd);
      const until = milliseconds() + glance;
      do {
        const got = readNow(this.#open, into, offset);
        if (got === undefined) continue;
        this.#misses = 0;
        return got;
      } while (milliseconds() < until);
      this.#patience = Math.min(2 ** this.#misses++, mostPatience);
    } catch {
      // No pipe, no /proc, or somebody else's: what is wrong with the stream itself the patient read will say.
      this.#patience = Number.POSITIVE_INFINITY;
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
    return undefined;
  }
}

/** @throws what the system says, or when it is no pipe: a file would be read from its beginning. */
function openAgain(fd: number): number {
  if (!fstatSync(fd).isFIFO()) throw new Error("not a pipe");
  return openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY | constants.O_NONBLOCK);
}

function readNow(fd: number, into: Uint8Array, offset: number): number | undefined {
  try {
    return readSync(fd, into, offset, into.length - offset, null);
  } catch (error) {
    if (systemCode(error) === "EAGAIN") return undefined;
    throw error;
  }
}
