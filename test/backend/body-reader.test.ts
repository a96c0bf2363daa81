import { Readable } from "node:stream";
import { expect, it } from "@jest/globals";
import { handOver } from "../../src/backend/body-reader.ts";

const handle = { type: "pack", name: "ab".repeat(32) } as const;
const part = Buffer.alloc(64 << 10);

/** Reads a body whose parts are all there, and tells of each. */
async function read(parts: number, took: () => void): Promise<number> {
  let left = parts;
  const body = new Readable({
    highWaterMark: part.length,
    read() {
      this.push(left-- > 0 ? part : null);
    },
  });
  const length = parts * part.length;
  const answer = { size: length, length, offset: 0, modified: 0, tag: undefined, body };
  const context = { key: "key", handle, signal: undefined, explain: (error: unknown) => error };
  let came = 0;
  await handOver(context, { range: undefined, answer }, async (reader) => {
    await reader.each?.((bytes) => {
      came += bytes.length;
      took();
    });
  });
  return came;
}

it("reads bodies in turns: one that has much at once does not keep another one waiting", async () => {
  const order: string[] = [];
  const sizes = await Promise.all([read(64, () => order.push("large")), read(8, () => order.push("small"))]);
  expect(sizes).toEqual([64, 8].map((parts) => parts * part.length));
  expect(order.lastIndexOf("small")).toBeLessThan(24);
});
