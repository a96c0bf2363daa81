import { describe, expect, it } from "@jest/globals";
import { AdaptiveLimit } from "../../src/backend/adaptive-limit.ts";
import { BackendError } from "../../src/backend/backend-error.ts";

const part = 1_000_000;

/** A line by a clock of its own: each request takes a second, or longer where more run than the line carries at full speed. */
function line(carries: number) {
  let time = 1;
  let running: { end: number; done: () => void; fail: (error: unknown) => void }[] = [];
  const work = () =>
    new Promise<void>((done, fail) => {
      running.push({ end: time + 1000 * Math.max(1, (running.length + 1) / carries), done, fail });
    });
  return {
    now: () => time,
    work,
    most: 0,
    /** Ends what ends next. */
    async step(error?: unknown) {
      this.most = Math.max(this.most, running.length);
      running.sort((a, b) => a.end - b.end);
      const next = running[0];
      if (!next) throw new Error("nothing is under way");
      running = running.slice(1);
      time = next.end;
      if (error) next.fail(error);
      else next.done();
      for (let i = 0; i < 10; i++) await Promise.resolve();
    },
  };
}

const busy = () => new BackendError("unreachable", "slow down", { retryable: true, busy: true });

async function load(limit: AdaptiveLimit, on: ReturnType<typeof line>, count: number): Promise<void> {
  const all = Array.from({ length: count }, () => limit.run(part, on.work));
  for (let i = 0; i < count; i++) await on.step();
  await Promise.all(all);
}

describe("adaptive limit", () => {
  it("widens while that makes the line faster, up to what is allowed", async () => {
    const far = line(1000);
    const limit = new AdaptiveLimit({ start: 4, most: 20, now: far.now });
    await load(limit, far, 200);
    expect(limit.width).toBe(20);
    expect(far.most).toBe(20);
  });

  it("stops widening where the line is full", async () => {
    const thin = line(6);
    const limit = new AdaptiveLimit({ start: 2, most: 64, now: thin.now });
    await load(limit, thin, 400);
    expect(limit.width).toBeGreaterThanOrEqual(6);
    expect(thin.most).toBeLessThan(20);
  });

  it("halves when the server asks to slow down, once for all that was under way, and never stops", async () => {
    const far = line(1000);
    const limit = new AdaptiveLimit({ start: 16, most: 16, now: far.now });
    const all = Array.from({ length: 40 }, () => limit.run(part, far.work).catch(() => {}));
    for (let i = 0; i < 8; i++) await far.step(busy());
    expect(limit.width).toBe(8);
    for (let i = 0; i < 32; i++) await far.step();
    await Promise.all(all);
    for (let i = 0; i < 10; i++) {
      const one = limit.run(part, far.work).catch(() => {});
      await far.step(busy());
      await one;
    }
    expect(limit.width).toBe(1);
    await load(limit, far, 5);
  });

  it("learns nothing from a caller that is slower than the line", async () => {
    const far = line(1000);
    const limit = new AdaptiveLimit({ start: 4, most: 64, now: far.now });
    for (let i = 0; i < 50; i++) await load(limit, far, 2);
    expect(limit.width).toBe(4);
  });
});
