import { describe, expect, it } from "@jest/globals";
import { wrapBackend } from "../../../src/backend/all.ts";
import { MemoryBackend } from "../../../src/backend/memory/memory-backend.ts";
import { withLimit } from "../../../src/backend/wrap/limit.ts";
import { describeBackend, failure, pack, read } from "../contract.ts";

describeBackend("wrapped memory", { open: async () => wrapBackend(new MemoryBackend()) });

describe("limit", () => {
  it("lets no more requests run at once than the place can use", async () => {
    const memory = new MemoryBackend();
    const handle = pack();
    await memory.save(handle, Buffer.from("x"));
    const backend = withLimit(memory);
    let running = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 40 }, () =>
        backend.load(handle, undefined, async () => {
          most = Math.max(most, ++running);
          await new Promise((resolve) => setImmediate(resolve));
          running--;
        }),
      ),
    );
    expect(most).toBe(memory.properties.connections);
  });
});

describe("log", () => {
  it("counts operations and bytes in both directions", async () => {
    const backend = wrapBackend(new MemoryBackend());
    const handle = pack();
    await backend.save(handle, Buffer.alloc(100));
    await read(backend, handle, { start: 0, end: 30 });
    await read(backend, handle, { start: -5 });
    expect(backend.traffic).toEqual({ requests: 3, operations: 3, sent: 100, received: 35 });
  });

  it("says one line for each operation, failed ones too", async () => {
    const lines: string[] = [];
    const backend = wrapBackend(new MemoryBackend(), { trace: (line) => lines.push(line) });
    const handle = pack();
    await backend.save(handle, Buffer.alloc(100));
    await failure(backend.stat({ type: "git", name: "nothing" }));
    for await (const _ of backend.list("pack"));
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^save packs\/.* 100 bytes \d+ ms ok$/);
    expect(lines[1]).toMatch(/^stat git\/nothing .* failed: /);
    expect(lines[2]).toBe("list packs/ 1 objects");
  });
});
