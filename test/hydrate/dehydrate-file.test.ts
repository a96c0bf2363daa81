import { createHash } from "node:crypto";
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type DehydrateOptions, dehydrateFile } from "../../src/hydrate/dehydrate-file.ts";
import { PlaceBatch } from "../../src/hydrate/place-batch.ts";

const oid = createHash("sha256").update("bytes").digest("hex");
const pointer = Buffer.from(`version mlgit/1\noid sha256:${oid}\nsize 5\n`);
let root: string;
let top: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mlgit-dehydrate-"));
  top = join(root, "work");
  for (const folder of [top, join(root, "temp")]) mkdirSync(folder);
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function isOurs(fd: number): boolean {
  const bytes = Buffer.alloc(64);
  const length = readSync(fd, bytes);
  return createHash("sha256").update(bytes.subarray(0, length)).digest("hex") === oid;
}

function dehydrate(path: string, more: Partial<DehydrateOptions> = {}) {
  const batch = new PlaceBatch(top, join(root, "temp"));
  return dehydrateFile({ batch, path: Buffer.from(path), pointer, mode: 0o644, verify: isOurs, ...more });
}

describe("dehydrateFile", () => {
  it("puts the pointer in place of the content it names", async () => {
    writeFileSync(join(top, "x"), "bytes", { mode: 0o444 });
    const result = await dehydrate("x", { mode: 0o755 });
    expect(result.placed && result.stat.size).toBe(BigInt(pointer.length));
    expect(readFileSync(join(top, "x"))).toEqual(pointer);
    expect(statSync(join(top, "x")).mode & 0o300).toBe(0o300);
    expect(readdirSync(join(root, "temp"))).toEqual([]);
  });

  it("leaves any other content", async () => {
    writeFileSync(join(top, "x"), "bytez");
    expect(await dehydrate("x")).toEqual({ placed: false, reason: "modified" });
    expect(readFileSync(join(top, "x"), "utf8")).toBe("bytez");
  });

  it("leaves a file that is edited while it is being hashed", async () => {
    writeFileSync(join(top, "x"), "bytes");
    const verify = async (fd: number) => {
      const answer = isOurs(fd);
      writeFileSync(join(top, "x"), "BYTES");
      return answer;
    };
    expect(await dehydrate("x", { verify })).toEqual({ placed: false, reason: "modified" });
    expect(readFileSync(join(top, "x"), "utf8")).toBe("BYTES");
  });

  it("looks again at a file that another worktree linked or unlinked while it was being hashed", async () => {
    writeFileSync(join(top, "x"), "bytes");
    linkSync(join(top, "x"), join(root, "cached"));
    const changes = [
      () => linkSync(join(root, "cached"), join(root, "other")),
      () => {
        unlinkSync(join(root, "other"));
        linkSync(join(root, "cached"), join(root, "other"));
      },
    ];
    const verify = async (fd: number) => {
      const answer = isOurs(fd);
      // The clock of change times ticks a few hundred times a second.
      await sleep(20);
      changes.shift()?.();
      return answer;
    };
    expect((await dehydrate("x", { verify })).placed).toBe(true);
    expect(changes).toEqual([]);
    expect(readFileSync(join(top, "x"))).toEqual(pointer);
    expect(readFileSync(join(root, "cached"), "utf8")).toBe("bytes");
  });

  it("hashes a shared file with other bytes once", async () => {
    writeFileSync(join(top, "x"), "bytez");
    linkSync(join(top, "x"), join(root, "cached"));
    let times = 0;
    const verify = (fd: number) => {
      times++;
      return isOurs(fd);
    };
    expect(await dehydrate("x", { verify })).toEqual({ placed: false, reason: "modified" });
    expect(times).toBe(1);
  });

  it("leaves a shared file that is edited meanwhile, with its time put back", async () => {
    const file = join(top, "x");
    writeFileSync(file, "bytes");
    linkSync(file, join(root, "cached"));
    const { atime, mtime } = statSync(file);
    utimesSync(file, atime, mtime);
    const verify = async (fd: number) => {
      const answer = isOurs(fd);
      await sleep(20);
      writeFileSync(file, "BYTES");
      utimesSync(file, atime, mtime);
      return answer;
    };
    expect(await dehydrate("x", { verify })).toEqual({ placed: false, reason: "modified" });
    expect(readFileSync(file, "utf8")).toBe("BYTES");
  });

  it("follows no symlink and creates nothing", async () => {
    writeFileSync(join(root, "outside"), "bytes");
    symlinkSync(join(root, "outside"), join(top, "x"));
    expect(await dehydrate("x")).toEqual({ placed: false, reason: "symlink" });
    expect(await dehydrate("y")).toEqual({ placed: false, reason: "missing" });
    expect(await dehydrate("a/y")).toEqual({ placed: false, reason: "missing-folder" });
    expect(await dehydrate("../outside")).toEqual({ placed: false, reason: "outside" });
    expect(readFileSync(join(root, "outside"), "utf8")).toBe("bytes");
  });
});
