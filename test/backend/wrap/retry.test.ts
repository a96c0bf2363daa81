import { beforeEach, describe, expect, it } from "@jest/globals";
import type { SaveOptions } from "../../../src/backend/backend.ts";
import { MemoryBackend } from "../../../src/backend/memory/memory-backend.ts";
import { delayBefore, retrying } from "../../../src/backend/retry-policy.ts";
import { withRetry } from "../../../src/backend/wrap/retry.ts";
import { failure, git, names, pack, read } from "../contract.ts";
import { busy, type Fault, lostAnswer, withFaults } from "../faulty.ts";

describe("retry", () => {
  let memory: MemoryBackend;
  let waits: number[];
  const make = (faults: (Fault | undefined)[]) =>
    withRetry(withFaults(memory, faults), { retries: 3, onRetry: (_, __, delay) => waits.push(delay) });
  beforeEach(() => {
    memory = new MemoryBackend();
    waits = [];
  });

  it("tries again until it works", async () => {
    const handle = pack();
    await make([busy(), busy()]).save(handle, Buffer.from("x"));
    expect((await read(memory, handle)).toString()).toBe("x");
    expect(waits).toHaveLength(2);
  });

  it("gives up after the agreed number of tries, with the last error", async () => {
    const error = await failure(make([busy(), busy(), busy(), busy()]).save(pack(), Buffer.from("x")));
    expect(error.message).toBe("busy");
    expect(waits).toHaveLength(3);
  });

  it("asks a server that is only busy more often than one that fails, for as long as was agreed", async () => {
    const tryOften = async (busyFor: number) => {
      let tries = 0;
      const work = async () => {
        tries++;
        if (tries <= 3) throw busy({ busy: true }).error;
        if (tries === 4) throw lostAnswer().error;
      };
      await retrying(work, { retries: 1, busyFor }).catch(() => {});
      return tries;
    };
    expect(await tryOften(60_000)).toBe(5);
    expect(await tryOften(0)).toBe(1);
  });

  it("waits for a busy server once, and not for a part and then for its object", async () => {
    let tries = 0;
    const part = () =>
      retrying(
        async () => {
          tries++;
          throw busy({ busy: true }).error;
        },
        { busyFor: 0 },
      );
    await failure(retrying(part, { retries: 2 }));
    expect(tries).toBe(1);
  });

  it("does not try again what cannot work, nor what a reader threw", async () => {
    const backend = make([]);
    expect((await failure(backend.stat(pack()))).kind).toBe("missing");
    const handle = pack();
    await backend.save(handle, Buffer.from("x"));
    let runs = 0;
    const reader = async () => {
      runs++;
      throw new TypeError("the reader's own");
    };
    expect((await failure(backend.load(handle, undefined, reader))).message).toBe("the reader's own");
    expect(runs).toBe(1);
    expect(waits).toEqual([]);
  });

  it("keeps to an error's own limit of tries", async () => {
    await failure(make([busy({ maxRetries: 1 }), busy({ maxRetries: 1 }), undefined]).stat(pack()));
    expect(waits).toHaveLength(1);
  });

  it("gives a part and its object one such limit together, and tells of each try", async () => {
    let tries = 0;
    const inner = Object.assign(new MemoryBackend(), {
      save: (_: unknown, __: unknown, { onRetry }: SaveOptions) =>
        retrying(
          async () => {
            tries++;
            throw busy({ maxRetries: 2 }).error;
          },
          { onRetry },
        ),
    });
    const backend = withRetry(inner, { onRetry: (_, __, delay) => waits.push(delay) });
    expect((await failure(backend.save(pack(), Buffer.from("x")))).message).toBe("busy");
    expect(tries).toBe(3);
    expect(waits).toHaveLength(2);
  });

  it("runs the reader again from the first byte", async () => {
    const handle = pack();
    await memory.save(handle, Buffer.from("body"));
    const seen: string[] = [];
    const backend = make([lostAnswer()]);
    await backend.load(handle, undefined, async (body) => {
      for await (const part of body) seen.push(Buffer.from(part).toString());
    });
    expect(seen).toEqual(["body", "body"]);
  });

  it("recognises its own success when the answer was lost", async () => {
    const handle = git("root");
    await make([lostAnswer()]).save(handle, Buffer.from("mine"), { ifAbsent: true });
    expect((await read(memory, handle)).toString()).toBe("mine");
    const { tag } = await memory.stat(handle);
    const swapped = await make([lostAnswer()]).save(handle, Buffer.from("mine 2"), { ifMatch: tag! });
    expect(swapped.tag).toBe((await memory.stat(handle)).tag);
  });

  it("does not take somebody else's success for its own", async () => {
    const handle = git("root");
    await memory.save(handle, Buffer.from("theirs"));
    const refused = make([{ ...lostAnswer(), when: "before" }]);
    expect((await failure(refused.save(handle, Buffer.from("mine"), { ifAbsent: true }))).kind).toBe("conflict");
    // The same bytes, but no try of ours can have written them.
    const equal = make([busy()]);
    expect((await failure(equal.save(handle, Buffer.from("theirs"), { ifAbsent: true }))).kind).toBe("conflict");
  });

  it("takes progress back before it sends again, so that the sum is right", async () => {
    let sum = 0;
    await make([lostAnswer(), lostAnswer()]).save(pack(), Buffer.from("12345"), { onProgress: (n) => (sum += n) });
    expect(sum).toBe(5);
    sum = 0;
    const onProgress = (n: number) => (sum += n);
    await make([lostAnswer()]).save(git("p"), Buffer.from("12345"), { ifAbsent: true, onProgress });
    expect(sum).toBe(5);
  });

  it("goes on with a listing that broke off, without naming anything twice", async () => {
    for (const name of ["a", "b", "c", "d"]) await memory.save(git(name), Buffer.from(name));
    expect(await names(make([undefined, undefined, busy(), undefined, busy()]), "git")).toEqual(["a", "b", "c", "d"]);
  });

  it("stops waiting when it is told to", async () => {
    const abort = new AbortController();
    const backend = withRetry(withFaults(memory, [busy({ retryAfter: 50_000 })]), { onRetry: () => abort.abort() });
    const error = await failure(backend.save(pack(), Buffer.from("x"), { signal: abort.signal }));
    expect(error.kind).toBe("interrupted");
  });

  it("waits a random time up to a doubling limit, and at least as long as the server asked for", () => {
    for (const [attempt, limit] of [
      [1, 250],
      [3, 1000],
      [20, 10_000],
    ] as const) {
      const delays = Array.from({ length: 200 }, () => delayBefore(attempt, 0));
      expect(Math.max(...delays)).toBeLessThanOrEqual(limit);
      expect(new Set(delays.map(Math.round)).size).toBeGreaterThan(20);
    }
    expect(delayBefore(1, 5000)).toBeGreaterThanOrEqual(5000);
    expect(delayBefore(1, 5000)).toBeLessThanOrEqual(5250);
    expect(delayBefore(1, 3_600_000)).toBeLessThanOrEqual(60_250);
  });
});
