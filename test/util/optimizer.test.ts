import { Script } from "node:vm";
import { afterEach, describe, expect, it } from "@jest/globals";
import { holdOptimizer, releaseOptimizer } from "../../src/util/optimizer.ts";

const loader = globalThis as { mlgitJoined?: { withUsualOptions?: <T>(work: () => T) => T } };
let made = 0;

/** V8 remembers what it compiled, and looks at a text's length alone when it is given its code. */
const source = () => `function answer() { return ${String(made++).padStart(6, "1")}; } answer();`;

const code = new Script(source()).createCachedData();
const isTaken = () => new Script(source(), { cachedData: code }).cachedDataRejected === false;

afterEach(() => {
  releaseOptimizer();
  delete loader.mlgitJoined;
});

describe("holding V8's optimizer", () => {
  it("changes what compiled code has to fit, until it is released", () => {
    expect(isTaken()).toBe(true);
    holdOptimizer();
    expect(isTaken()).toBe(false);
    releaseOptimizer();
    expect(isTaken()).toBe(true);
  });

  it("lets the loader of scripts read and keep code as if it were not held", () => {
    const joined: NonNullable<typeof loader.mlgitJoined> = {};
    loader.mlgitJoined = joined;
    holdOptimizer();
    expect(joined.withUsualOptions?.(isTaken)).toBe(true);
    expect(isTaken()).toBe(false);
    releaseOptimizer();
    expect(joined.withUsualOptions?.(isTaken)).toBe(true);
    expect(isTaken()).toBe(true);
  });

  it("holds it again when the loader failed", () => {
    loader.mlgitJoined = {};
    holdOptimizer();
    const fail = () => {
      throw new Error("no script");
    };
    expect(() => loader.mlgitJoined?.withUsualOptions?.(fail)).toThrow("no script");
    expect(isTaken()).toBe(false);
  });
});
