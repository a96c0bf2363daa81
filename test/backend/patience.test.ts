import { describe, expect, it } from "@jest/globals";
import { wrapBackend } from "../../src/backend/all.ts";
import type { Backend } from "../../src/backend/backend.ts";
import { BackendError } from "../../src/backend/backend-error.ts";
import { MemoryBackend } from "../../src/backend/memory/memory-backend.ts";
import { Patience, type PatienceSettings } from "../../src/backend/patience.ts";
import { failure, pack } from "./contract.ts";

const silence = new BackendError("unreachable", "box: no answer in time", { retryable: true, maxRetries: 2 });

/** A backend of which some methods are others, and what is said of it. */
function open(other: Partial<Backend>, settings: Partial<PatienceSettings> = {}) {
  const said: string[] = [];
  let heard = () => {};
  const patience = new Patience({
    place: "box",
    firstPeriod: 5,
    say: (text) => {
      said.push(text);
      heard();
    },
    ...settings,
  });
  const backend = wrapBackend(Object.assign(new MemoryBackend(), other), { patience });
  const words = (count: number) =>
    new Promise<void>((resolve) => {
      heard = () => said.length >= count && resolve();
      heard();
    });
  return { backend, said, words };
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("whoever waits for a place", () => {
  it("is told that it is silent, and again later", async () => {
    let answer = () => {};
    const { backend, said, words } = open({
      stat: (handle) =>
        new Promise((resolve) => {
          answer = () => resolve({ handle, size: 1, modified: 0, tag: undefined });
        }),
    });
    const asking = backend.stat(pack());
    await words(2);
    answer();
    await asking;
    for (const text of said)
      expect(text).toMatch(/^box has not answered for \d+ s; still waiting \(Ctrl-C stops it\)$/);
  });

  it("is told why it is tried again", async () => {
    const stat = async () => {
      await sleep(10);
      throw silence;
    };
    const { backend, said } = open({ stat }, { asksPeople: true });
    expect(await failure(backend.stat(pack()))).toBe(silence);
    expect(said[0]).toMatch(/^box: no answer in time; trying again, for \d+ s now/);
  });

  it("hears nothing of what a slow line or a slow reader takes", async () => {
    const handle = pack();
    const memory = new MemoryBackend();
    await memory.save(handle, Buffer.from("x"));
    const slowSave: Backend["save"] = async (...args) => {
      await sleep(50);
      return memory.save(...args);
    };
    const { backend, said } = open({ save: slowSave, load: memory.load.bind(memory) });
    await backend.save(pack(), Buffer.alloc(2 << 20));
    await backend.load(handle, undefined, async (body) => {
      for await (const _ of body) await sleep(50);
    });
    expect(said).toEqual([]);
  });

  it("is not told while somebody may be typing a passphrase", async () => {
    const stat: Backend["stat"] = async (handle) => {
      await sleep(50);
      return { handle, size: 1, modified: 0, tag: undefined };
    };
    const { backend, said } = open({ stat }, { asksPeople: true });
    await backend.stat(pack());
    expect(said).toEqual([]);
  });
});
