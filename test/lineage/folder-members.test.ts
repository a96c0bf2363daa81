import { createHash } from "node:crypto";
import { truncateSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { FolderMembers } from "../../src/lineage/folder-members.ts";
import { createSandbox, type Sandbox } from "../helper/sandbox.ts";

const oid = (n: number) => createHash("sha256").update(`file ${n}`).digest("hex");
/** Folder n holds the files n to n + 9. */
const folder = (n: number) => createHash("sha256").update(`folder ${n}`).digest("hex");
const some = (from: number, to: number) =>
  new Map(
    Array.from({ length: to - from }, (_, i) => [
      folder(from + i),
      Array.from({ length: 10 }, (_, k) => oid(from + i + k)),
    ]),
  );

describe("which folders hold a content", () => {
  let box: Sandbox;
  beforeEach(() => {
    box = createSandbox();
  });
  afterEach(() => box.remove());

  it("is known from the file and from what came later", () => {
    const file = box.path("a/folders");
    const none = FolderMembers.read(file);
    expect([none.folders, none.holding(oid(1))]).toEqual([[], []]);
    none.with(some(0, 50)).write(file);
    const all = FolderMembers.read(file).with(some(50, 60));
    expect(all.folders).toHaveLength(60);
    expect(all.holding(oid(0))).toEqual([folder(0)]);
    expect(new Set(all.holding(oid(49)))).toEqual(new Set(some(40, 50).keys()));
    expect(new Set(all.holding(oid(52)))).toEqual(new Set(some(43, 53).keys()));
    expect(all.holding(oid(69))).toEqual([]);
  });

  it("is forgotten when the file is damaged", () => {
    const file = box.path("folders");
    new FolderMembers([], Buffer.alloc(0)).with(some(0, 5)).write(file);
    truncateSync(file, 300);
    expect(FolderMembers.read(file).folders).toEqual([]);
    box.write("folders", "nonsense");
    expect(FolderMembers.read(file).holding(oid(1))).toEqual([]);
  });
});
