import { setFlagsFromString } from "node:v8";

/** Major versions of V8 (Node 20 to 24) that have the option; a later one would complain on standard error if it had it no more. */
const [oldest, newest] = [11, 13];

/** The loader of scripts (cli/joined.ts), which is in no bundle. */
const loader = globalThis as { mlgitJoined?: { withUsualOptions?: <T>(work: () => T) => T } };

let isHeld = false;

/**
 * Keeps V8 from optimizing more functions. It does so on other threads, beside git on the same cores, and for a run of a tenth of a second it takes more than
 * it gives: a sixth of the processor's time of a checkout of a hundred files. To be released before there is much to do.
 */
export function holdOptimizer(): void {
  const version = Number.parseInt(process.versions.v8, 10);
  if (isHeld || version < oldest || version > newest) return;
  isHeld = true;
  if (loader.mlgitJoined) loader.mlgitJoined.withUsualOptions = withOptimizer;
  setFlagsFromString("--no-turbofan");
}

/** Lets it go on; what is optimized already was not touched. */
export function releaseOptimizer(): void {
  if (!isHeld) return;
  isHeld = false;
  setFlagsFromString("--turbofan");
}

function withOptimizer<T>(work: () => T): T {
  if (!isHeld) return work();
  releaseOptimizer();
  try {
    return work();
  } finally {
    holdOptimizer();
  }
}
