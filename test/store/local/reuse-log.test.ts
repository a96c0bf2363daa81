import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "@jest/globals";
import { ReuseLog } from "../../../src/store/local/reuse-log.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-reuse-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const oidOf = (n: number) => n.toString(16).padStart(64, "0");

it("what is wanted again is read as it was noted, also behind what a full disk has cut off", () => {
  const journal = join(root, "torn");
  mkdirSync(journal);
  new ReuseLog(journal).note(oidOf(1));
  appendFileSync(join(journal, readdirSync(journal)[0] ?? ""), "torn");
  new ReuseLog(journal).note(oidOf(2));
  const recent = new ReuseLog(journal).recent(0);
  expect([oidOf(1), oidOf(2), oidOf(3)].map((oid) => recent.has(oid))).toEqual([true, true, false]);
});
