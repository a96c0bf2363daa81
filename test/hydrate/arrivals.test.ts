import { expect, it } from "@jest/globals";
import { Arrivals } from "../../src/hydrate/arrivals.ts";
import { HydrateRows } from "../../src/hydrate/hydrate-rows.ts";
import { ByteStrings } from "../../src/util/byte-pages.ts";

const items = ["a", "b", "a"].map((oid, i) => ({ oid: oid.repeat(64), size: i, path: Buffer.from(`path ${i}`) }));

it("places every path of a content when it comes, and says which", () => {
  const placed: string[] = [];
  const arrivals = new Arrivals(items, (item, content) =>
    placed.push(`${item.path} ${Buffer.from(content.kind === "bytes" ? content.content : "")}`),
  );
  arrivals.take("a".repeat(64), Buffer.from("content"));
  arrivals.take("c".repeat(64), Buffer.from("of no path"));
  expect(placed).toEqual(["path 0 content", "path 2 content"]);
  expect(items.map((item) => arrivals.placed.has(item))).toEqual([true, false, true]);
  expect(() => arrivals.check()).not.toThrow();
});

it("throws what is wrong with the worktree when it is asked, and places nothing after that", () => {
  let tries = 0;
  const arrivals = new Arrivals(items, () => {
    tries++;
    throw new Error("disk full");
  });
  for (const { oid } of items) arrivals.take(oid, Buffer.from("content"));
  expect(tries).toBe(1);
  expect(arrivals.placed.size).toBe(0);
  expect(() => arrivals.check()).toThrow("disk full");
});

it("keeps strings of no bytes, also as the first", () => {
  const strings = new ByteStrings();
  const [empty, full] = [strings.add(Buffer.of()), strings.add(Buffer.from("path"))];
  expect([strings.get(empty, 0), strings.get(full, 4)].map(String)).toEqual(["", "path"]);
});

it("keeps paths to hydrate in rows, and gives them back in lists", () => {
  const rows = new HydrateRows();
  for (let i = 0; i < 3000; i++)
    for (const item of items) rows.add({ ...item, path: Buffer.from(`${item.path}/${i}`) });
  expect([rows.files, rows.bytes]).toEqual([9000, 9000]);
  const lists = [...rows.lists()];
  expect(lists.map(({ length }) => length)).toEqual([8192, 808]);
  const last = lists[1]?.at(-1);
  expect({ ...last, path: String(last?.path) }).toEqual({ oid: "a".repeat(64), size: 2, path: "path 2/2999" });
});
