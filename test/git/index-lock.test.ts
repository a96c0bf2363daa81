import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "@jest/globals";
import { IndexLock } from "../../src/git/index-lock.ts";
import { processMark } from "../../src/util/process-mark.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-index-lock-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;

describe("a new index in the making", () => {
  let folder: string;
  let index: string;
  beforeEach(() => {
    folder = mkdtempSync(join(root, `${made++}-`));
    index = join(folder, "index");
    writeFileSync(index, "before");
  });

  const text = () => readFileSync(index, "utf8");

  /** As if the process that has begun it had been killed: its files are another's now, which has ended. */
  function kill(): void {
    const dead = processMark(spawnSync("true").pid);
    for (const name of readdirSync(folder).filter((one) => one.includes(processMark())))
      renameSync(join(folder, name), join(folder, name.replace(processMark(), dead)));
  }

  async function replaceBy(content: string): Promise<boolean> {
    const lock = IndexLock.begin(index);
    try {
      lock.write(Buffer.from(content), 0o644);
      const taken = await lock.take(0);
      if (taken) lock.commit();
      return taken;
    } finally {
      lock.release();
    }
  }

  it("becomes the index, and leaves nothing else", async () => {
    expect(await replaceBy("after")).toBe(true);
    expect(text()).toBe("after");
    expect(readdirSync(folder)).toEqual(["index"]);
  });

  it("is given up without a trace, locked or not", async () => {
    for (const isTaken of [false, true]) {
      const lock = IndexLock.begin(index);
      lock.write(Buffer.from("never"), 0o644);
      if (isTaken) expect(await lock.take(0)).toBe(true);
      lock.release();
      lock.release();
      expect(readdirSync(folder)).toEqual(["index"]);
    }
    expect(text()).toBe("before");
  });

  it("counts as it was written last", async () => {
    const lock = IndexLock.begin(index);
    lock.write(Buffer.from("something long"), 0o644);
    expect(await lock.take(0)).toBe(true);
    lock.write(Buffer.from("short"), 0o600);
    lock.commit();
    expect(text()).toBe("short");
  });

  it("waits for whoever holds the lock, and takes it from nobody who may be alive", async () => {
    const other = IndexLock.begin(index);
    expect(await other.take(0)).toBe(true);
    expect(await replaceBy("mine")).toBe(false);
    other.release();
    writeFileSync(`${index}.lock`, "git");
    expect(await replaceBy("mine")).toBe(false);
    expect(readFileSync(`${index}.lock`, "utf8")).toBe("git");
    expect(text()).toBe("before");
  });

  it("is never kept back by a process of ours that was killed, wherever it was", async () => {
    const begun = IndexLock.begin(index);
    kill();
    const locked = IndexLock.begin(index);
    expect(readdirSync(folder).filter((name) => name.startsWith("mlgit-lock."))).toHaveLength(1);
    expect(await locked.take(0)).toBe(true);
    kill();
    expect(existsSync(`${index}.lock`)).toBe(true);
    expect(await replaceBy("after")).toBe(true);
    expect(text()).toBe("after");
    expect(readdirSync(folder)).toEqual(["index"]);
    expect(() => locked.commit()).toThrow("is gone");
    for (const one of [begun, locked]) one.release();
    expect(text()).toBe("after");
  });

  it("leaves git's lock alone beside what a killed process of ours left", async () => {
    const begun = IndexLock.begin(index);
    kill();
    writeFileSync(`${index}.lock`, "git");
    expect(await replaceBy("mine")).toBe(false);
    expect(readdirSync(folder).sort()).toEqual(["index", "index.lock"]);
    expect(readFileSync(`${index}.lock`, "utf8")).toBe("git");
    begun.release();
  });
});
