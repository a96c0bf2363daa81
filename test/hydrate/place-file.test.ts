import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { PlaceBatch } from "../../src/hydrate/place-batch.ts";
import { type PlaceOptions, placeFile } from "../../src/hydrate/place-file.ts";

const pointer = Buffer.from(`version mlgit/1\noid sha256:${"a".repeat(64)}\nsize 5\n`);
let root: string;
let top: string;
let temp: string;
let cached: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "mlgit-place-")));
  top = join(root, "work");
  temp = join(root, "temp");
  cached = join(root, "cached");
  for (const folder of [top, temp]) mkdirSync(folder);
  writeFileSync(cached, "bytes");
  utimesSync(cached, 1_600_000_000, 1_600_000_000);
  chmodSync(cached, 0o444);
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function place(path: string | Buffer, more: Partial<PlaceOptions> = {}) {
  return placeFile({
    batch: new PlaceBatch(top, temp),
    path: Buffer.from(path as string),
    source: (to) => copyFileSync(cached, to),
    mode: 0o644,
    expected: pointer,
    ...more,
  });
}

function leftovers(): string[] {
  return [temp, top]
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }))
    .filter((name) => name.includes(".tmp"));
}

describe("placing over the pointer", () => {
  it("replaces a file whose content is exactly the pointer, and answers its stat", () => {
    writeFileSync(join(top, "x"), pointer);
    const result = place("x");
    expect(result).toEqual({ placed: true, stat: lstatSync(join(top, "x"), { bigint: true }) });
    expect(readFileSync(join(top, "x"), "utf8")).toBe("bytes");
    expect(leftovers()).toEqual([]);
  });

  it("gives the file a time that git does not take for racy", () => {
    writeFileSync(join(top, "x"), pointer);
    place("x");
    const age = Date.now() - statSync(join(top, "x")).mtimeMs;
    expect(age).toBeGreaterThan(2000);
    expect(age).toBeLessThan(60_000);
  });

  it.each([
    ["other content", Buffer.from("my own work")],
    ["other content of the same length", Buffer.alloc(pointer.length, "x")],
    ["the pointer and one byte more", Buffer.concat([pointer, Buffer.from("\n")])],
    ["a part of the pointer", pointer.subarray(0, 40)],
    ["nothing", Buffer.alloc(0)],
  ])("leaves a file that holds %s", (_what, content) => {
    writeFileSync(join(top, "x"), content);
    expect(place("x")).toEqual({ placed: false, reason: "modified" });
    expect(readFileSync(join(top, "x"))).toEqual(content);
    expect(leftovers()).toEqual([]);
  });

  it("leaves any file when no content was expected", () => {
    writeFileSync(join(top, "x"), pointer);
    expect(place("x", { expected: undefined })).toEqual({ placed: false, reason: "modified" });
  });

  it("leaves a file that is edited while its content is being fetched", () => {
    writeFileSync(join(top, "x"), pointer);
    const source = (to: Buffer) => {
      copyFileSync(cached, to);
      writeFileSync(join(top, "x"), Buffer.alloc(pointer.length, "e"));
    };
    expect(place("x", { source })).toEqual({ placed: false, reason: "modified" });
    expect(readFileSync(join(top, "x"), "latin1")).toBe("e".repeat(pointer.length));
    expect(leftovers()).toEqual([]);
  });

  it("leaves a file that is replaced by another with the pointer's size and time meanwhile", () => {
    writeFileSync(join(top, "x"), pointer);
    const { mtime } = statSync(join(top, "x"));
    const source = (to: Buffer) => {
      copyFileSync(cached, to);
      writeFileSync(join(top, "new"), Buffer.alloc(pointer.length, "e"));
      utimesSync(join(top, "new"), mtime, mtime);
      renameSync(join(top, "new"), join(top, "x"));
    };
    expect(place("x", { source })).toEqual({ placed: false, reason: "modified" });
  });

  it("replaces the name only, when the pointer has another hard link", () => {
    writeFileSync(join(root, "other"), pointer);
    linkSync(join(root, "other"), join(top, "x"));
    expect(place("x").placed).toBe(true);
    expect(readFileSync(join(root, "other"))).toEqual(pointer);
  });

  it("removes the temporary file and passes the error on when the source fails", () => {
    writeFileSync(join(top, "x"), pointer);
    const source = (to: Buffer) => {
      writeFileSync(to, "half");
      throw new RangeError("no such chunk");
    };
    expect(() => place("x", { source })).toThrow(RangeError);
    expect(readFileSync(join(top, "x"))).toEqual(pointer);
    expect(leftovers()).toEqual([]);
  });

  it("says that the disk is full, where, and what to do", () => {
    writeFileSync(join(top, "x"), pointer);
    const source = (to: Buffer) => {
      writeFileSync(to, "half");
      writeFileSync("/dev/full", "the other half");
    };
    expect(() => place("x", { source })).toThrow(
      expect.objectContaining({
        kind: "disk",
        path: "x",
        hint: expect.stringContaining("hydrate"),
        message: expect.stringContaining("full"),
      }),
    );
    expect(readFileSync(join(top, "x"))).toEqual(pointer);
    expect(leftovers()).toEqual([]);
  });
});

describe("a folder that may not be written to", () => {
  const asRoot = process.getuid?.() === 0 ? it : it.skip;

  asRoot("is an error that names the path, and nothing is left behind", () => {
    for (const folder of [root, top]) chmodSync(folder, 0o755);
    chmodSync(temp, 0o777);
    writeFileSync(join(top, "x"), pointer);
    process.seteuid?.(65534);
    try {
      const denied = expect.objectContaining({ kind: "denied", path: "x" });
      expect(() => place("x")).toThrow(denied);
    } finally {
      process.seteuid?.(0);
    }
    expect(readFileSync(join(top, "x"))).toEqual(pointer);
    expect(leftovers()).toEqual([]);
  });
});

describe("placing a missing file", () => {
  it("makes the folders that are missing", () => {
    expect(place("a/b/c/x").placed).toBe(true);
    expect(readFileSync(join(top, "a/b/c/x"), "utf8")).toBe("bytes");
    expect(statSync(join(top, "a/b/c/x")).nlink).toBe(1);
    expect(leftovers()).toEqual([]);
  });

  it("leaves it missing when asked to, and makes no folder", () => {
    expect(place("x", { missing: "skip" })).toEqual({ placed: false, reason: "missing" });
    expect(place("a/x", { missing: "skip" })).toEqual({ placed: false, reason: "missing-folder" });
    expect(readdirSync(top)).toEqual([]);
  });

  it("never replaces a file that appears while its content is being fetched, not even a pointer", () => {
    const source = (to: Buffer) => {
      copyFileSync(cached, to);
      writeFileSync(join(top, "x"), "mine");
    };
    expect(place("x", { source })).toEqual({ placed: false, reason: "modified" });
    expect(readFileSync(join(top, "x"), "utf8")).toBe("mine");
    expect(leftovers()).toEqual([]);
  });

  it("does not go below a file", () => {
    writeFileSync(join(top, "a"), "file");
    expect(place("a/x")).toEqual({ placed: false, reason: "missing-folder" });
  });
});

describe("what is not a plain path in the worktree", () => {
  it("does not follow a symlink at the end of the path, dangling or not", () => {
    writeFileSync(join(root, "outside"), pointer);
    symlinkSync(join(root, "outside"), join(top, "x"));
    symlinkSync(join(root, "nowhere"), join(top, "y"));
    expect(place("x")).toEqual({ placed: false, reason: "symlink" });
    expect(place("y")).toEqual({ placed: false, reason: "symlink" });
    expect(readFileSync(join(root, "outside"))).toEqual(pointer);
    expect(readlinkSync(join(top, "x"))).toBe(join(root, "outside"));
    expect(existsSync(join(root, "nowhere"))).toBe(false);
  });

  it("does not pass a symlink in the middle of the path", () => {
    mkdirSync(join(root, "outside/deep"), { recursive: true });
    writeFileSync(join(root, "outside/x"), pointer);
    symlinkSync(join(root, "outside"), join(top, "d"));
    expect(place("d/x")).toEqual({ placed: false, reason: "symlink" });
    expect(place("d/new")).toEqual({ placed: false, reason: "symlink" });
    expect(place("d/deep/new")).toEqual({ placed: false, reason: "symlink" });
    expect(readFileSync(join(root, "outside/x"))).toEqual(pointer);
    expect(readdirSync(join(root, "outside")).sort()).toEqual(["deep", "x"]);
  });

  it("does not pass a symlink that replaces a checked folder while the content is being fetched", () => {
    mkdirSync(join(top, "a/b"), { recursive: true });
    mkdirSync(join(root, "outside/b"), { recursive: true });
    for (const folder of [join(top, "a/b"), join(root, "outside/b")]) writeFileSync(join(folder, "x"), pointer);
    const source = (to: Buffer) => {
      copyFileSync(cached, to);
      renameSync(join(top, "a"), join(top, "old"));
      symlinkSync(join(root, "outside"), join(top, "a"));
    };
    expect(place("a/b/x", { source })).toEqual({ placed: false, reason: "symlink" });
    expect(readFileSync(join(root, "outside/b/x"))).toEqual(pointer);
  });

  it("refuses folders, and FIFOs without waiting for a writer", () => {
    mkdirSync(join(top, "folder"));
    execFileSync("mkfifo", [join(top, "fifo")]);
    expect(place("folder")).toEqual({ placed: false, reason: "not-a-file" });
    expect(place("fifo")).toEqual({ placed: false, reason: "not-a-file" });
  });

  it.each(["../x", "/etc/x", ".git/hooks/post-checkout", "a/.GIT/config", ""])("refuses %j", (path) => {
    expect(place(path)).toEqual({ placed: false, reason: "outside" });
  });

  it("accepts a worktree whose top is reached through a symlink", () => {
    symlinkSync(top, join(root, "link"));
    writeFileSync(join(top, "x"), pointer);
    expect(place("x", { batch: new PlaceBatch(join(root, "link"), temp) }).placed).toBe(true);
  });
});

describe("odd names", () => {
  it.each([
    ["a newline", Buffer.from("a\nb")],
    ["bytes that are not UTF-8", Buffer.from([0x64, 0xff, 0xfe])],
    ["a leading dash", Buffer.from("-rf")],
  ])("places a file whose name has %s", (_what, path) => {
    expect(place(path).placed).toBe(true);
    expect(readdirSync(top, { encoding: "buffer" })).toEqual([path]);
  });
});

describe("mode", () => {
  const umask = process.umask();

  it.each([
    [0o644, false, 0o666 & ~umask],
    [0o755, false, 0o777 & ~umask],
    [0o644, true, 0o444 & ~umask],
    [0o755, true, 0o555 & ~umask],
  ] as const)("of %o, read-only %p, is what git would give it under the umask", (mode, readOnly, expected) => {
    writeFileSync(join(top, "x"), pointer);
    place("x", { mode, readOnly });
    expect(statSync(join(top, "x")).mode & 0o777).toBe(expected);
  });
});

describe("hard links to the cache", () => {
  const source = (to: Buffer) => linkSync(cached, to);

  it("are kept for read-only files, and the cache's time and mode stay", () => {
    writeFileSync(join(top, "x"), pointer);
    const before = statSync(cached);
    place("x", { source, readOnly: true });
    const after = statSync(cached);
    expect(statSync(join(top, "x")).ino).toBe(after.ino);
    expect([after.mtimeMs, after.mode]).toEqual([before.mtimeMs, before.mode]);
    expect(after.nlink).toBe(2);
  });

  it("are kept for a missing file too", () => {
    place("x", { source, readOnly: true });
    place("y", { source, readOnly: true });
    expect(statSync(cached).nlink).toBe(3);
  });

  it.each([
    ["writable files", { mode: 0o644, readOnly: false }],
    ["executable files", { mode: 0o755, readOnly: true }],
  ] as const)("are broken for %s", (_what, more) => {
    writeFileSync(join(top, "x"), pointer);
    place("x", { source, ...more });
    expect(statSync(cached).nlink).toBe(1);
    expect(statSync(cached).mode & 0o777).toBe(0o444);
    expect(statSync(join(top, "x")).mode & 0o100).toBe(more.mode & 0o100);
    expect(readFileSync(join(top, "x"), "utf8")).toBe("bytes");
    expect(leftovers()).toEqual([]);
  });

  it("are broken when the cached file can be written to", () => {
    chmodSync(cached, 0o644);
    place("x", { source, readOnly: true });
    expect(statSync(cached).nlink).toBe(1);
  });
});

describe("a temporary folder on another file system", () => {
  const elsewhere = "/dev/shm";
  const differs = existsSync(elsewhere) && statSync(elsewhere).dev !== statSync(tmpdir()).dev;
  const onTwo = differs ? it : it.skip;

  onTwo("falls back to a temporary name beside the target", () => {
    const other = mkdtempSync(join(elsewhere, "mlgit-place-"));
    try {
      mkdirSync(join(top, "d"));
      writeFileSync(join(top, "d/x"), pointer);
      writeFileSync(join(top, `d/.mlgit-${"0".repeat(16)}.tmp`), "of a process that still runs");
      const names: string[] = [];
      const source = (to: Buffer) => {
        names.push(String(to));
        copyFileSync(cached, to);
      };
      const batch = new PlaceBatch(top, other);
      for (const path of ["d/x", "d/y", "d/z"]) expect(place(path, { batch, source }).placed).toBe(true);
      expect(names.map((name) => name.startsWith(other))).toEqual([true, false, false, false]);
      expect(readdirSync(other)).toEqual([]);
      expect(readdirSync(join(top, "d")).sort()).toEqual([`.mlgit-${"0".repeat(16)}.tmp`, "x", "y", "z"]);
    } finally {
      rmSync(other, { recursive: true });
    }
  });
});
