import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { lockPipeline } from "../../src/pipeline/pipeline-lock.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mlgit-pipeline-lock-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

it("one at a time has the worktree, and the next one after it", () => {
  const release = lockPipeline(folder);
  expect(() => lockPipeline(folder)).toThrow(`(process ${process.pid})`);
  release();
  lockPipeline(folder)();
  expect(readdirSync(folder)).toEqual([]);
});

it("says which file to remove when a machine that had it is gone", () => {
  const lock = join(folder, "lock");
  writeFileSync(lock, "ffffffff0-17-1");
  const said = expect.objectContaining({
    kind: "conflict",
    path: lock,
    hint: expect.stringContaining(`remove ${lock}`),
  });
  expect(() => lockPipeline(folder)).toThrow(said as never);
  expect(existsSync(lock)).toBe(true);
});
