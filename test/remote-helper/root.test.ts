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
  packs: [pack(1, 7), pack(9)],
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
    ["packs out of order", (json) => (json.packs = [pack(2), pack(1)])],
    ["a generation that is no number", (json) => (json.generation = "9")],
  ])("is refused with %s", (_, damage) => {
    const json = JSON.parse(encodeRoot(root).toString());
    damage(json);
    expect(() => decodeRoot(Buffer.from(JSON.stringify(json)), "here")).toThrow("damaged");
  });

  it("is refused cut off, and by a version that does not know its format", () => {
    expect(() => decodeRoot(encodeRoot(root).subarray(0, 100), "here")).toThrow("damaged");
    expect(() => decodeRoot(Buffer.from('{"format":2}'), "here")).toThrow("format 2");
  });
});

describe("which packs a reader needs", () => {
  it("are those after what it has", () => {
    expect(wantedPacks(root, 0)).toEqual([pack(1, 7), pack(9)]);
    expect(wantedPacks(root, 7)).toEqual([pack(9)]);
    expect(wantedPacks(root, 9)).toEqual([]);
  });

  it("are the small ones for whoever has a part of a joined one, as long as they are listed", () => {
    expect(wantedPacks(root, 6)).toEqual([pack(7), pack(9)]);
    expect(wantedPacks({ ...root, retired: [] }, 6)).toEqual([pack(1, 7), pack(9)]);
  });
});

describe("which packs are joined", () => {
  const small = (count: number, from = 1) => Array.from({ length: count }, (_, i) => pack(from + i));

  it("are sixteen of a level, and never large ones", () => {
    expect(findRun(small(15))).toBeUndefined();
    expect(findRun(small(16))).toHaveLength(16);
    expect(findRun([pack(1, 16), ...small(16, 17)])).toHaveLength(16);
    expect(findRun([pack(1, 1, 1 << 30), ...small(16, 2)])).toHaveLength(16);
  });

  it("stay few however many pushes there are", () => {
    let packs: RemotePack[] = [];
    let most = 0;
    for (let push = 1; push <= 5000; push++) {
      packs.push(pack(push));
      const run = findRun(packs);
      if (run) packs = [...packs.filter((one) => !run.includes(one)), pack(run[0]!.from, run.at(-1)!.to)];
      most = Math.max(most, packs.length);
    }
    expect(most).toBeLessThanOrEqual(46);
    expect(packs[0]!.from).toBe(1);
    expect(packs.at(-1)!.to).toBe(5000);
  });
});
