import {
  closeSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "@jest/globals";
import { GrowingCopy } from "../../src/util/growing-copy.ts";

const folder = mkdtempSync(join(tmpdir(), "mlgit-growing-copy-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** This process's descriptor of a file. */
function descriptorOf(path: string): number {
  for (const fd of readdirSync("/proc/self/fd").map(Number))
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`) === path) return fd;
    } catch {
      // The one that listed them.
    }
  throw new Error(`${path} is not open`);
}

it("holds everything that was written", () => {
  const path = join(folder, "whole");
  const copy = new GrowingCopy(Buffer.from(path));
  for (const part of ["one ", "two"]) copy.write(Buffer.from(part));
  expect(copy.end()).toBe(true);
  expect(readFileSync(path, "utf8")).toBe("one two");
});

it("is given up and gone, and nobody hears of it, when neither writing nor closing works", () => {
  const path = join(folder, "broken");
  const copy = new GrowingCopy(Buffer.from(path));
  copy.write(Buffer.from("one"));
  closeSync(descriptorOf(path));
  copy.write(Buffer.from("two"));
  expect(existsSync(path)).toBe(false);
  copy.write(Buffer.from("three"));
  expect(copy.end()).toBe(false);
  copy.drop();
  expect(existsSync(path)).toBe(false);
});

it("leaves a file alone that was there", () => {
  const path = join(folder, "theirs");
  writeFileSync(path, "theirs");
  const copy = new GrowingCopy(Buffer.from(path));
  copy.write(Buffer.from("ours"));
  expect(copy.end()).toBe(false);
  expect(readFileSync(path, "utf8")).toBe("theirs");
});
