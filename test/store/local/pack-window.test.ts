import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { PackWindow } from "../../../src/store/local/pack-window.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-pack-window-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const files = 1000;
const size = 3000;
const bytes = Buffer.from(Array.from({ length: files * size }, (_, i) => (i * 7 + (i >> 8)) % 251));

describe("a window on a pack", () => {
  let fd: number;
  let window: PackWindow;

  beforeEach(() => {
    const path = join(root, "pack");
    writeFileSync(path, bytes);
    fd = openSync(path, "r");
    window = new PackWindow(fd);
  });
  afterEach(() => closeSync(fd));

  it("leaves the first reads to whoever asks, then has the bytes of what follows", () => {
    const views = inOrder(window);
    expect(views.slice(0, 2)).toEqual([undefined, undefined]);
    for (const [i, view] of views.slice(2).entries())
      expect(view?.equals(bytes.subarray((i + 2) * size, (i + 3) * size))).toBe(true);
  });

  it("has nothing for reads that do not follow each other, and is right when they do again", () => {
    for (let i = files - 1; i >= 0; i -= 100) expect(window.view(i * size, size)).toBeUndefined();
    expect(inOrder(window).at(-1)?.equals(bytes.subarray(-size))).toBe(true);
  });

  it("has nothing that reaches past the end of the file", () => {
    inOrder(window);
    expect(window.view(bytes.length, size)).toBeUndefined();
    expect(window.view(bytes.length + size, 1)).toBeUndefined();
  });

  it("leaves what is larger than itself alone", () => {
    inOrder(window, 10);
    expect(window.view(10 * size, 1 << 20)).toBeUndefined();
  });

  const counted = existsSync("/proc/self/io") ? it : it.skip;
  counted("asks the system once for many files", () => {
    const before = reads();
    inOrder(window);
    expect(reads() - before).toBeLessThan(files / 10);
  });
});

/** What each read in turn gives; copies, since a view lives until the next. */
function inOrder(window: PackWindow, count = files): (Buffer | undefined)[] {
  return Array.from({ length: count }, (_, i) => {
    const view = window.view(i * size, size);
    return view && Buffer.from(view);
  });
}

/** Calls of the system that this process has read by so far. */
function reads(): number {
  return Number(/syscr: (\d+)/.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);
}
