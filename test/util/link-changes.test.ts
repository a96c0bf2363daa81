import { linkSync, lstatSync, mkdtempSync, realpathSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { FileState } from "../../src/util/file-state.ts";
import { LinkChanges, noteUnlink } from "../../src/util/link-changes.ts";

const state: FileState = {
  dev: 1n,
  ino: 2n ** 40n + 7n,
  mode: 0o100444n,
  nlink: 2n,
  uid: 0n,
  gid: 0n,
  size: 5n,
  mtimeNs: 1n,
  ctimeNs: 100n,
};
const at = (ctimeNs: bigint, more: Partial<FileState> = {}): FileState => ({ ...state, ctimeNs, ...more });

/** Change times before and after of the file that has these last 32 bits of an inode. */
function noted(changes: LinkChanges, ino = 7): [bigint, bigint] | undefined {
  const row = changes.find(ino, (after) => Number(after.ino % 2n ** 32n) === ino);
  return row < 0 ? undefined : [changes.ctimeBefore(row), changes.after(row).ctimeNs];
}

describe("what our links did to a file", () => {
  it("is what it was before the first and is after the last", () => {
    const changes = new LinkChanges();
    changes.note(at(100n), at(200n));
    changes.note(at(200n), at(300n));
    expect(noted(changes)).toEqual([100n, 300n]);
    expect(changes.count).toBe(1);
  });

  it("begins anew after somebody else came between", () => {
    const changes = new LinkChanges();
    changes.note(at(100n), at(200n));
    changes.note(at(250n), at(300n));
    expect(noted(changes)).toEqual([250n, 300n]);
  });

  it("is nothing where nobody else had the file, or where its content was another after", () => {
    const changes = new LinkChanges();
    changes.note(at(100n, { nlink: 1n }), at(200n));
    for (const other of [{ ino: 8n }, { dev: 2n }, { size: 6n }, { mtimeNs: 2n }])
      changes.note(at(100n), at(200n, other));
    expect(changes.count).toBe(0);
  });

  it("is told apart for files whose inodes end alike, and for very many", () => {
    const changes = new LinkChanges();
    for (let ino = 1n; ino <= 10_000n; ino++) changes.note(at(ino, { ino }), at(ino + 1n, { ino }));
    changes.note(at(5n, { ino: 2n ** 32n + 9n }), at(6n, { ino: 2n ** 32n + 9n }));
    expect(changes.count).toBe(10_001);
    expect(noted(changes, 9_999)).toEqual([9_999n, 10_000n]);
    const row = changes.find(9, ({ ino }) => ino === 2n ** 32n + 9n);
    expect(changes.ctimeBefore(row)).toBe(5n);
  });
});

describe("a name that is taken away", () => {
  let root: string;
  const path = (name: string) => join(root, name);
  const look = (name: string) => lstatSync(path(name), { bigint: true });
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "mlgit-links-")));
    writeFileSync(path("a"), "bytes");
    linkSync(path("a"), path("b"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it.each([
    ["removed", () => unlinkSync(path("a"))],
    ["replaced", () => renameSync(path("new"), path("a"))],
  ])("is noted when it is %s", (_how, work) => {
    writeFileSync(path("new"), "other");
    const changes = new LinkChanges();
    const before = look("b");
    noteUnlink(path("a"), changes, work);
    const row = changes.find(Number(before.ino % 2n ** 32n), ({ ino }) => ino === before.ino);
    expect([changes.ctimeBefore(row), changes.after(row).ctimeNs]).toEqual([before.ctimeNs, look("b").ctimeNs]);
    expect(changes.after(row).nlink).toBe(1n);
  });

  it("is taken away also where it cannot be looked at", () => {
    const changes = new LinkChanges();
    expect(noteUnlink(path("gone"), changes, () => "done")).toBe("done");
    expect(changes.count).toBe(0);
  });
});
