import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { PlaceBatch } from "../../src/hydrate/place-batch.ts";
import { unlockFile } from "../../src/hydrate/unlock-file.ts";

let root: string;
let top: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mlgit-unlock-"));
  top = join(root, "work");
  for (const folder of [top, join(root, "temp")]) mkdirSync(folder);
  writeFileSync(join(top, "x"), "bytes", { mode: 0o444 });
  linkSync(join(top, "x"), join(root, "cached"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A batch that lets something happen while the copy is made, each time its name is asked for. */
function batchWith(happens: () => void): PlaceBatch {
  return new (class extends PlaceBatch {
    override tempFor(...args: Parameters<PlaceBatch["tempFor"]>): Buffer {
      happens();
      return super.tempFor(...args);
    }
  })(top, join(root, "temp"));
}

const unlock = (batch: PlaceBatch) => unlockFile({ batch, path: Buffer.from("x"), mode: 0o644 });

describe("unlockFile", () => {
  it("puts a writable copy in the place of a shared file, and notes what that made of it", () => {
    const batch = new PlaceBatch(top, join(root, "temp"));
    expect(unlock(batch).placed).toBe(true);
    expect(statSync(join(top, "x")).mode & 0o200).toBe(0o200);
    expect(statSync(join(root, "cached")).nlink).toBe(1);
    expect(batch.links.count).toBe(1);
    expect(batch.takeLinks().count).toBe(1);
    expect(batch.links.count).toBe(0);
  });

  it("tries again when another worktree linked the file meanwhile", () => {
    let times = 0;
    const batch = batchWith(() => {
      // The clock of change times ticks a few hundred times a second.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      if (++times === 1) linkSync(join(root, "cached"), join(root, "other"));
    });
    expect(unlock(batch).placed).toBe(true);
    expect(times).toBe(2);
    expect(readFileSync(join(root, "other"), "utf8")).toBe("bytes");
  });

  it("leaves a file that is changed meanwhile", () => {
    const batch = batchWith(() => {
      rmSync(join(top, "x"));
      writeFileSync(join(top, "x"), "edited");
    });
    expect(unlock(batch)).toEqual({ placed: false, reason: "modified" });
    expect(readFileSync(join(top, "x"), "utf8")).toBe("edited");
  });
});
