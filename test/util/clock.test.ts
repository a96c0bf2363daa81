import { spawnSync } from "node:child_process";
import { expect, it } from "@jest/globals";
import { milliseconds } from "../../src/util/clock.ts";

it("goes as fast as every other clock, in milliseconds", () => {
  const outer = performance.now();
  const began = milliseconds();
  const inner = performance.now();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  const least = performance.now() - inner;
  const passed = milliseconds() - began;
  const most = performance.now() - outer;
  expect(passed).toBeGreaterThanOrEqual(least - 0.01);
  expect(passed).toBeLessThanOrEqual(most + 0.01);
});

it("loads nothing that performance loads", () => {
  const script = `${milliseconds.toString()}; milliseconds(); process.stdout.write(String(process.moduleLoadList.includes("NativeModule internal/perf/performance")))`;
  expect(spawnSync(process.execPath, ["-e", script], { encoding: "utf8" }).stdout).toBe("false");
});
