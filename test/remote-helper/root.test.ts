import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { findRun } from "../../src/remote-helper/compact.ts";
import { decodeRoot, encodeRoot, type RemotePack, type Root } from "../../src/remote-helper/root.ts";
import { wantedPacks } from "../../src/remote-helper/wanted-packs.ts";
import { projectRoot } from "../helper/build.ts";

const piece = (n: number) => `${n.toString(16).padStart(64, "0")}-${"5".repeat(16)}`;
const pack = (from: number, to = from, size = 1000): RemotePack => ({
  from,
  to,
  objects: 3,
  size,
  pieces: [piece(from * 1000 + to)],
});

/** A pack that stands in the root. */
const inline = (generation: number, size = 400): RemotePack => ({
  ...pack(generation, generation, size),
  pieces: [],
  inline: Buffer.alloc(size, "pack").toString("base64"),
});

const root: Root = {
  repository: "2f0c4b1e-0000-4000-8000-000000000000",
  generation: 9,
  epoch: 1,
  objectFormat: "sha1",
  head: "refs/heads/main",
  refs: new Map([
    ["refs/heads/main", "1".repeat(40)],
    ["refs/tags/v1", "2".repeat(40)],
  ]),
  peeled: new Map([["refs/tags/v1", "1".repeat(40)]]),
  protected: [],
  packs: [pack(1, 7), inline(9, 30)],
  retired: [{ by: piece(1007), at: "2026-01-02T03:04:05.000Z", packs: [pack(1, 6), pack(7)] }],
  transactions: ["0123456789abcdef"],
  time: "2026-01-02T03:04:05.000Z",
};

describe("the root", () => {
  it("has the bytes that its format page promises", () => {
    const golden = readFileSync(join(projectRoot, "test/format/golden/remote-root.json"));
    expect(encodeRoot(root).toString()).toBe(golden.toString());
    expect(decodeRoot(golden, "here")).toEqual(root);
  });

  it("lists refs in the order of their bytes", () => {
    const refs = new Map([
      ["refs/heads/\u{1f600}", "1".repeat(40)],
      ["refs/heads/\uffee", "1".repeat(40)],
    ]);
    expect([...decodeRoot(encodeRoot({ ...root, refs }), "here").refs.keys()]).toEqual([...refs.keys()].reverse());
  });

  it.each<[string, (json: Record<string, unknown>) => void]>([
    [
      "a ref that would add a line to git's protocol",
      (json) => (json.refs = { "refs/heads/a\n1 refs/heads/b": "1".repeat(40) }),
    ],
    ["an oid that is none", (json) => (json.refs = { "refs/heads/a": "1".repeat(39) })],
    [
      "a ref below another",
      (json) => (json.refs = { "refs/heads/a": "1".repeat(40), "refs/heads/a/b": "1".repeat(40) }),
    ],
    ["a HEAD that is no branch", (json) => (json.head = "refs/tags/v1")],
    ["a pack that leaves the store", (json) => (json.packs = [{ ...pack(1), pieces: ["../../mlgit.json"] }])],
    ["a pack of no bytes", (json) => (json.packs = [{ ...pack(1), pieces: [] }])],
    ["a pack in it that is not as long as it says", (json) => (json.packs = [{ ...inline(1), size: 399 }])],
    ["a pack in it that is large", (json) => (json.packs = [inline(1, 3000)])],
    ["packs out of order", (json) => (json.packs = [pack(2), pack(1)])],
    ["a generation that is no number", (json) => (json.generation = "9")],
  ])("is refused with %s", (_, damage) => {
    const json = JSON.parse(encodeRoot(root).toString());
    damage(json);
    // As whoever may write to the store can write it.
    delete json.sum;
    const body = JSON.stringify(json).slice(0, -1);
    const sum = createHash("sha256").update(body).digest("hex").slice(0, 16);
    const decode = () => decodeRoot(Buffer.from(`${body},"sum":"${sum}"}\n`), "here");
    expect(decode).toThrow("damaged");
    expect(decode).not.toThrow("sum");
  });

  it("is refused when any one bit of what it says is another", () => {
    const bytes = encodeRoot(root);
    for (let at = 0; at < bytes.lastIndexOf(',"sum"'); at += 3) {
      const copy = Buffer.from(bytes);
      copy[at]! ^= 1 << (at % 7);
      expect(() => decodeRoot(copy, "here")).toThrow(/damaged|format/);
    }
  });

  it("is refused cut off, and by a version that does not know its format", () => {
    expect(() => decodeRoot(encodeRoot(root).subarray(0, 100), "here")).toThrow("damaged");
    expect(() => decodeRoot(Buffer.from('{"format":2}'), "here")).toThrow("format 2");
  });
});

describe("which packs a reader needs", () => {
  it("are those after what it has", () => {
    expect(wantedPacks(root, 0)).toEqual([pack(1, 7), inline(9, 30)]);
    expect(wantedPacks(root, 7)).toEqual([inline(9, 30)]);
    expect(wantedPacks(root, 9)).toEqual([]);
  });

  it("are the small ones for whoever has a part of a joined one, as long as they are listed", () => {
    expect(wantedPacks(root, 6)).toEqual([pack(7), inline(9, 30)]);
    expect(wantedPacks({ ...root, retired: [] }, 6)).toEqual([pack(1, 7), inline(9, 30)]);
  });
});

describe("which packs are joined", () => {
  const many = (count: number, from = 1) => Array.from({ length: count }, (_, i) => inline(from + i));

  it("are those in the root when there are four, and those before that are not large beside them", () => {
    expect(findRun(many(3))).toBeUndefined();
    expect(findRun(many(4))).toHaveLength(4);
    expect(findRun([pack(1, 4, 1600), ...many(4, 5)])).toHaveLength(5);
    expect(findRun([pack(1, 99, 60_000), ...many(4, 100)])).toHaveLength(4);
    expect(findRun([pack(1, 99, 60_000), pack(100, 111, 5000), ...many(4, 112)])).toHaveLength(6);
  });

  it("are those in the root with one that comes after them and is too long for it", () => {
    expect(findRun([...many(2), pack(3, 3, 5000)])).toHaveLength(3);
    expect(findRun([pack(1, 9, 100_000), pack(10, 10, 5000)])).toBeUndefined();
    expect(findRun([pack(1, 9, 6 << 20), pack(10, 10, 5 << 20)])).toBeUndefined();
    expect(findRun([pack(1, 9, 6 << 20), pack(10, 10, 7 << 20)])).toHaveLength(2);
  });

  it("are never large ones", () => {
    const large = (generation: number) => pack(generation, generation, 1 << 30);
    expect(findRun([large(1)])).toBeUndefined();
    expect(findRun([large(1), large(2)])).toBeUndefined();
    expect(findRun([large(1), ...many(4, 2)])).toEqual(many(4, 2));
    expect(findRun([...many(2), large(3)])).toEqual(many(2));
  });

  it("stay few however many pushes there are, and most pushes write little", () => {
    let packs: RemotePack[] = [];
    const written: number[] = [];
    for (let push = 1; push <= 5000; push++) {
      packs.push(inline(push));
      const run = findRun(packs) ?? [];
      const size = run.reduce((sum, one) => sum + one.size, 0);
      const [first] = run;
      if (first) packs = [...packs.filter((one) => !run.includes(one)), pack(first.from, push, size)];
      expect(packs.filter((one) => one.inline === undefined).length).toBeLessThanOrEqual(3);
      written.push(size + encodeRoot({ ...root, packs, retired: [] }).length);
    }
    expect([packs[0]!.from, packs.at(-1)!.to]).toEqual([1, 5000]);
    written.sort((a, b) => a - b);
    expect(written[2500]).toBeLessThan(3500);
    expect(written.reduce((sum, one) => sum + one, 0) / 5000).toBeLessThan(15_000);
  });
});
