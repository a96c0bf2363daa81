import { Readable } from "node:stream";
import { expect, it } from "@jest/globals";
import { splitNul, splitNulAtOnce } from "../../src/git/nul-list.ts";

const streamOf = (...chunks: string[]) => Readable.from(chunks.map((chunk) => Buffer.from(chunk)));

it("gives the entries of a list, also those that came in two pieces, and empty ones", async () => {
  const entries: string[] = [];
  for await (const entry of splitNul(streamOf("a\0b", "c\0\0d", "e", "\0"))) entries.push(entry.toString());
  expect(entries).toEqual(["a", "bc", "", "de"]);
});

it("gives at once what came together, and no empty list", async () => {
  const lists: string[][] = [];
  for await (const list of splitNulAtOnce(streamOf("a\0b\0c", "d", "e\0f\0"))) lists.push(list.map(String));
  expect(lists).toEqual([
    ["a", "b"],
    ["cde", "f"],
  ]);
});

it("says when a list ends in the middle of an entry", async () => {
  const read = async () => {
    for await (const list of splitNulAtOnce(streamOf("a\0b"))) expect(list.map(String)).toEqual(["a"]);
  };
  await expect(read()).rejects.toMatchObject({ kind: "interrupted" });
});
