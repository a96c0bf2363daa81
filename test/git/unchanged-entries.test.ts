import { chmodSync, mkdirSync, renameSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, jest } from "@jest/globals";
import { findRepository, type Repository } from "../../src/git/repository.ts";
import { UnchangedEntries } from "../../src/git/unchanged-entries.ts";
import { StatCache } from "../../src/pipeline/stat-cache.ts";
import { createSandbox, type Sandbox } from "../helper/sandbox.ts";

jest.setTimeout(120_000);

let box: Sandbox;
let repository: Repository;
const name = "dätä/big";
let then = 1_700_000_000;
const file = () => box.path("r", name);
const state = () => statSync(file(), { bigint: true });
const known = (least = 1) => new UnchangedEntries(repository, least).blobOf(name, state())?.toString();
/** Times are long ago, since git knows a file only by an index that is younger; and never the same, since many a git compares change times by the second. */
const add = async (text: string) => {
  then += 10;
  writeFileSync(file(), text);
  utimesSync(file(), then, then);
  await box.git(["add", "."], { cwd: box.path("r") });
};

beforeAll(async () => {
  box = createSandbox();
  repository = await findRepository(await box.init("r"));
  mkdirSync(box.path("r/dätä"));
});
afterAll(() => box.remove());

it("says what git has for a file that has not changed, and nothing of any other", async () => {
  expect(new UnchangedEntries(repository, 1).blobOf(name, statSync(box.root, { bigint: true }))).toBeUndefined();
  await add("one\n");
  expect(known()).toBe("one\n");
  expect(known(5)).toBeUndefined();
  // The same length and time: its change time tells.
  writeFileSync(file(), "two\n");
  utimesSync(file(), then, then);
  expect(known()).toBeUndefined();
  await add("two\n");
  expect(known()).toBe("two\n");
  chmodSync(file(), 0o755);
  expect(known()).toBeUndefined();
  chmodSync(file(), 0o644);
  // Another file in its place, of another inode.
  box.write(`r/${name}.new`, "six\n");
  utimesSync(`${file()}.new`, then, then);
  renameSync(`${file()}.new`, file());
  expect(known()).toBeUndefined();
  await add("six\n");
  utimesSync(join(repository.gitDir, "index"), then, then);
  expect(known()).toBeUndefined();
  await add("ten\n");
  await box.git(["update-index", "--assume-unchanged", name], { cwd: box.path("r") });
  expect(known()).toBeUndefined();
});

it("lets a pointer stand for a file of its size alone", async () => {
  const oid = "ab".repeat(32);
  const source = (size: number) => ({
    blobOf: () => Buffer.from(`version mlgit/1\noid sha256:${oid}\nsize ${size}\n`),
  });
  const size = Number(state().size);
  expect(new StatCache("/dev/null", source(size)).get(name, state())).toBe(`sha256:${oid}`);
  expect(new StatCache("/dev/null", source(size + 1)).get(name, state())).toBeUndefined();
  expect(new StatCache("/dev/null", { blobOf: () => Buffer.from("x") }).get(name, state())).toBeUndefined();
});
