import { closeSync, openSync, writeSync } from "node:fs";
import { afterAll, expect, it } from "@jest/globals";
import { WarmSource } from "../../../src/store/index/byte-source.ts";
import { createSandbox, randomBytes } from "../../helper/sandbox.ts";

const box = createSandbox();
const bytes = randomBytes(1, 10_000);
box.write("index", bytes);
const fd = openSync(box.path("index"), "r+");
afterAll(() => {
  closeSync(fd);
  box.remove();
});

const changed = () => Buffer.from("changed");
/** Whether what it reads lies in memory: the file is another one meanwhile. */
function isHeld(source: WarmSource): boolean {
  writeSync(fd, changed(), 0, 7, 100);
  const read = Buffer.from(source.read(100, 7));
  writeSync(fd, bytes, 100, 7, 100);
  return !read.equals(changed());
}
const ask = (source: WarmSource, times: number) => {
  for (let i = 0; i < times; i++) expect(Buffer.from(source.read(i, 20))).toEqual(bytes.subarray(i, i + 20));
};

it("is read where it lies, however often, until more questions are likely", () => {
  const source = new WarmSource(fd, bytes.length);
  ask(source, 1000);
  expect(isHeld(source)).toBe(false);
});

it("is held when it is warm and was asked often, and let go of when it is not", () => {
  const source = new WarmSource(fd, bytes.length);
  source.warm();
  ask(source, 100);
  expect(isHeld(source)).toBe(false);
  ask(source, 300);
  expect(isHeld(source)).toBe(true);
  ask(source, 10);
  source.cool();
  expect(isHeld(source)).toBe(false);
  source.warm();
  ask(source, 10);
  expect(isHeld(source)).toBe(false);
});
