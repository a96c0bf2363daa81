import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, jest } from "@jest/globals";

/** What FAT and some mounts say of every hard link. */
let hasLinks: boolean;
/** What a process does that is killed, or held up, before the whole file takes the place of the empty one. */
let beforeRename: (() => void) | undefined;
jest.unstable_mockModule("node:fs", () => ({
  ...fs,
  linkSync(from: string, to: string) {
    if (!hasLinks) throw Object.assign(new Error("EPERM: link"), { code: "EPERM" });
    fs.linkSync(from, to);
  },
  renameSync(from: string, to: string) {
    if (to === lock) beforeRename?.();
    fs.renameSync(from, to);
  },
}));
const { livingOwner, lockOwner, removeAbandoned, takeLock } = await import("../../src/util/owner-lock.ts");
const { processMark } = await import("../../src/util/process-mark.ts");

let root: string;
let lock: string;
beforeEach(() => {
  hasLinks = true;
  beforeRename = undefined;
  root = fs.mkdtempSync(join(tmpdir(), "mlgit-owner-lock-"));
  lock = join(root, "lock");
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

/** The mark of a process that has ended. */
function deadMark(): string {
  const { pid } = spawnSync("true");
  return processMark().replace(/-\d+-/, `-${pid}-`);
}

for (const links of [true, false]) {
  it(`stays with an owner that lives, ${links ? "with" : "without"} hard links`, () => {
    hasLinks = links;
    expect(takeLock(lock)).toBe(true);
    expect(lockOwner(lock)).toBe(processMark());
    expect(takeLock(lock)).toBe(false);
    expect(removeAbandoned(lock)).toBe(false);
    expect(lockOwner(lock)).toBe(processMark());
  });

  it(`is free again when its owner is gone, ${links ? "with" : "without"} hard links`, () => {
    hasLinks = links;
    fs.writeFileSync(lock, deadMark());
    expect(removeAbandoned(lock)).toBe(true);
    expect(takeLock(lock)).toBe(true);
  });
}

it("is free when it is empty, since whoever was about to write its mark there was killed", () => {
  hasLinks = false;
  fs.writeFileSync(lock, "");
  fs.writeFileSync(join(root, ".0123456789.tmp"), deadMark());
  fs.writeFileSync(join(root, ".a-file-of-another-kind.tmp"), "not a mark");
  fs.writeFileSync(`${lock}.1`, deadMark());
  expect(takeLock(lock)).toBe(false);
  expect(livingOwner(lock)).toBeUndefined();
  expect(removeAbandoned(lock)).toBe(true);
  expect(takeLock(lock)).toBe(true);
  expect(lockOwner(lock)).toBe(processMark());
});

it("is not free while its owner puts the mark in the place of the empty file", () => {
  hasLinks = false;
  const seen: unknown[] = [];
  beforeRename = () => seen.push(lockOwner(lock), livingOwner(lock), removeAbandoned(lock));
  expect(takeLock(lock)).toBe(true);
  expect(seen).toEqual(["", processMark(), false]);
  expect(lockOwner(lock)).toBe(processMark());
});

it("is not free while a command's shell does so, which calls its file after the lock", () => {
  fs.writeFileSync(lock, "");
  fs.writeFileSync(`${lock}.${process.pid}`, processMark());
  expect(livingOwner(lock)).toBe(processMark());
  expect(removeAbandoned(lock)).toBe(false);
});
