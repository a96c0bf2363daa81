import { expect, it } from "@jest/globals";
import { begun } from "../../src/util/begun.ts";

const events: string[] = [];
async function* numbers(last: number): AsyncGenerator<number> {
  try {
    for (let n = 1; n <= last; n++) {
      events.push(`made ${n}`);
      yield n;
    }
    if (last < 0) throw new Error("no numbers");
  } finally {
    events.push("let go");
  }
}
const read = async (items: AsyncIterable<number>) => {
  const all: number[] = [];
  for await (const one of items) all.push(one);
  return all;
};
const turn = () => new Promise((resolve) => setImmediate(resolve));

it("makes the first before somebody reads, and gives all of them in order", async () => {
  events.length = 0;
  const three = begun(numbers(3));
  await turn();
  expect(events).toEqual(["made 1"]);
  expect(await read(three)).toEqual([1, 2, 3]);
  expect(events).toEqual(["made 1", "made 2", "made 3", "let go"]);
});

it("gives nothing of nothing", async () => {
  expect(await read(begun(numbers(0)))).toEqual([]);
});

it("tells who reads what went wrong with the first, however late, and nobody else", async () => {
  const none = begun(numbers(-1));
  await turn();
  await expect(read(none)).rejects.toThrow("no numbers");
});

it("lets go of what makes them when nobody reads, and when somebody stops in between", async () => {
  events.length = 0;
  const unread = begun(numbers(3));
  await unread.stop();
  expect(events).toEqual(["made 1", "let go"]);
  for (const last of [1, 2]) {
    events.length = 0;
    for await (const one of begun(numbers(3))) if (one === last) break;
    expect(events.slice(last)).toEqual(["let go"]);
  }
});
