import { afterEach, beforeEach, expect, it, jest } from "@jest/globals";
import { Pace, type Paced } from "../../../src/store/remote/pace.ts";

beforeEach(() => void jest.useFakeTimers({ doNotFake: ["nextTick", "queueMicrotask"] }));
afterEach(() => void jest.useRealTimers());

const enough = 8 << 20;

const usual = 1 << 20;

/** A pace that has seen eight requests of 1 MiB and 20 ms. */
async function practised(): Promise<Pace> {
  const pace = new Pace(() => performance.now());
  for (let i = 0; i < 8; i++) {
    const running = pace.run(usual, () => new Promise<void>((resolve) => setTimeout(resolve, 20)), undefined);
    await jest.advanceTimersByTimeAsync(20);
    await running;
  }
  return pace;
}

/** A request that runs until it is lost or `end` is called. */
function begin(pace: Pace, bytes = usual) {
  let request: Paced | undefined;
  let end = () => {};
  const done = pace.run(
    bytes,
    async (paced) => {
      request = paced;
      await new Promise<void>((resolve) => {
        end = resolve;
        paced.signal.addEventListener("abort", () => resolve());
      });
    },
    undefined,
  );
  return { done, request: request as unknown as Paced, end: () => end() };
}

it("gives up a request that has stopped while others go on", async () => {
  const pace = await practised();
  const [stopped, other] = [begin(pace), begin(pace)];
  stopped.request.came(1000);
  await jest.advanceTimersByTimeAsync(150);
  other.request.came(enough);
  await jest.advanceTimersByTimeAsync(150);
  expect([stopped.request.isLost, other.request.isLost]).toEqual([true, false]);
  other.end();
  await Promise.all([stopped.done, other.done]);
});

it("leaves alone what stops for all, what others have hardly overtaken, and what waits for its first byte", async () => {
  const pace = await practised();
  const [stopped, waiting, other] = [begin(pace), begin(pace), begin(pace)];
  stopped.request.came(1000);
  other.request.came(enough - 1);
  await jest.advanceTimersByTimeAsync(900);
  expect([stopped, waiting, other].map(({ request }) => request.isLost)).toEqual([false, false, false]);
  for (const { end } of [stopped, waiting, other]) end();
  await Promise.all([stopped.done, waiting.done, other.done]);
});

it("gives up what takes several times longer than usual, and judges nothing before it has seen some", async () => {
  const [pace, fresh] = [await practised(), new Pace(() => performance.now())];
  const [slow, first] = [begin(pace), begin(fresh)];
  for (let i = 0; i < 11; i++) {
    for (const { request } of [slow, first]) request.came(10);
    await jest.advanceTimersByTimeAsync(100);
  }
  expect([slow.request.isLost, first.request.isLost]).toEqual([true, false]);
  first.end();
  await Promise.all([slow.done, first.done]);
});

it("gives a longer request as much more time", async () => {
  const pace = await practised();
  const [long, short] = [begin(pace, 32 * usual), begin(pace)];
  for (let i = 0; i < 15; i++) {
    for (const { request } of [long, short]) request.came(10);
    await jest.advanceTimersByTimeAsync(100);
  }
  expect([long.request.isLost, short.request.isLost]).toEqual([false, true]);
  for (let i = 0; i < 6; i++) {
    long.request.came(10);
    await jest.advanceTimersByTimeAsync(100);
  }
  expect(long.request.isLost).toBe(true);
  await Promise.all([long.done, short.done]);
});

it("does not blame requests for what this process did not read while it was busy", async () => {
  let late = 0;
  const pace = new Pace(() => performance.now() + late);
  for (let i = 0; i < 8; i++) await pace.run(usual, async () => {}, undefined);
  const [quiet, other] = [begin(pace), begin(pace)];
  quiet.request.came(1000);
  other.request.came(enough);
  late = 500;
  await jest.advanceTimersByTimeAsync(200);
  expect(quiet.request.isLost).toBe(false);
  for (const { end } of [quiet, other]) end();
  await Promise.all([quiet.done, other.done]);
});
