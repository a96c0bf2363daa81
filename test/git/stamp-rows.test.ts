import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "@jest/globals";
import { StampRows } from "../../src/git/stamp-rows.ts";
import type { FileState } from "../../src/util/file-state.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const common = { dev: 2n ** 40n, mode: 0o100644n, nlink: 1n, uid: 1000n, gid: 1000n };

function stateOf(n: number): FileState {
  const times = { mtimeNs: 1_700_000_000_123_456_789n + BigInt(n), ctimeNs: 1_700_000_000_000_000_001n - BigInt(n) };
  return {
    ...common,
    ...times,
    ino: 2n ** 33n + BigInt(n),
    size: BigInt(n),
    mode: n % 3 === 0 ? 0o100755n : common.mode,
  };
}

it("gives back every state as it was, also those that have little in common", () => {
  const rows = new StampRows("sha1");
  const states = Array.from({ length: 500 }, (_, n) => ({
    ...stateOf(n),
    uid: BigInt(n % 7),
    nlink: BigInt(1 + (n % 2)),
  }));
  for (const [n, stat] of states.entries()) rows.add({ path: Buffer.from(`data/${n}`), blob: "ab".repeat(20), stat });
  rows.setState(3, { ...stateOf(3), gid: 77n });
  expect([...rows].map(({ stat }) => stat)).toEqual(
    states.map((stat, n) => (n === 3 ? { ...stateOf(3), gid: 77n } : stat)),
  );
});

it("takes ninety bytes for a file with a path of twenty, and not a hundred and twenty", () => {
  const arrayBuffers = () => {
    // What one collection found is let go of in a thread of its own, which the next one waits for.
    collectGarbage();
    collectGarbage();
    return process.memoryUsage().arrayBuffers;
  };
  const before = arrayBuffers();
  const rows = new StampRows("sha1");
  const count = 100_000;
  for (let n = 0; n < count; n++)
    rows.add({
      path: Buffer.from(`data/0000/${String(n).padStart(10, "0")}`),
      blob: "ab".repeat(20),
      stat: stateOf(n),
    });
  const taken = arrayBuffers() - before;
  expect(rows.length).toBe(count);
  expect(taken / count).toBeGreaterThan(60);
  expect(taken / count).toBeLessThan(95);
});
