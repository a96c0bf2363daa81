import { expect, it } from "@jest/globals";
import type { Backend } from "../../../src/backend/backend.ts";
import { interruptedError } from "../../../src/backend/backend-error.ts";
import { MemoryBackend } from "../../../src/backend/memory/memory-backend.ts";
import { loadRange } from "../../../src/store/remote/load-bytes.ts";
import { Pace } from "../../../src/store/remote/pace.ts";
import { randomBytes } from "../../helper/sandbox.ts";

const handle = { type: "pack", name: "ab".repeat(32) } as const;
const bytes = randomBytes("slow range", 100_000);

/** A place that forgets requests from `start` on after their first 1,000 bytes, so many times, until they are given up. */
function forgetful(inner: Backend, start: number, times: number) {
  const asked: number[] = [];
  const backend: Backend = Object.assign(Object.create(inner), {
    load: (async (handle, range, use, signal) => {
      asked.push(range?.start ?? 0);
      if (asked.length <= 8 || (range?.start ?? 0) < start || times-- <= 0)
        return inner.load(handle, range, use, signal);
      const body = async function* () {
        yield bytes.subarray(range?.start, (range?.start ?? 0) + 1000);
        if (!signal?.aborted) await new Promise((resolve) => signal?.addEventListener("abort", resolve));
        throw interruptedError("forgotten");
      };
      return use(body(), { handle, size: bytes.length, modified: 0, tag: undefined });
    }) satisfies Backend["load"],
  });
  return { backend, asked };
}

it("asks again, and only for the rest, where a server forgets a range while it answers others", async () => {
  const inner = new MemoryBackend();
  await inner.save(handle, bytes);
  const { backend, asked } = forgetful(inner, 50_000, 2);
  const pace = new Pace();
  for (let i = 0; i < 8; i++) await loadRange(backend, handle, { start: i, end: i + 10 }, { pace });

  const got = await loadRange(backend, handle, { start: 50_000, end: 90_000 }, { pace });

  expect(got.equals(bytes.subarray(50_000, 90_000))).toBe(true);
  expect(asked.slice(8)).toEqual([50_000, 51_000, 52_000]);
});

it("stops when it is told to, and tells that from a request that was given up", async () => {
  const inner = new MemoryBackend();
  await inner.save(handle, bytes);
  const { backend, asked } = forgetful(inner, 50_000, 5);
  const pace = new Pace();
  for (let i = 0; i < 8; i++) await loadRange(backend, handle, { start: i, end: i + 10 }, { pace });
  const stop = new AbortController();

  const loading = loadRange(backend, handle, { start: 50_000, end: 90_000 }, { pace, signal: stop.signal });
  stop.abort();

  await expect(loading).rejects.toMatchObject({ kind: "interrupted" });
  expect(asked).toHaveLength(9);
});
