import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  linkSync,
  lstatSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "@jest/globals";
import { hashLengths, scanIndex } from "../../src/git/index-file.ts";
import { stampIndex } from "../../src/git/index-stamp.ts";
import { findRepository } from "../../src/git/repository.ts";
import { PointerRepository } from "../helper/pointer-repository.ts";

const files: Record<string, string> = {
  "a.bin": "content of a, which is longer than its pointer would be ".repeat(5),
  "deep/er/b.bin": "b",
  "deep/er/name with spaces and ünïcode.bin": "c".repeat(70_000),
  "plain.txt": "not tracked by us",
};
const hydrated = Object.keys(files).filter((path) => path.endsWith(".bin"));
const clean = { text: "", cleaned: [] };

let repository: PointerRepository;

afterEach(() => repository.remove());

function create(...args: Parameters<typeof PointerRepository.create>): PointerRepository {
  repository = PointerRepository.create(...args);
  return repository;
}

/** The index with everything that stamping may change blanked: stat fields of the stamped entries, checksum. */
function unstamped(repository: PointerRepository, format: "sha1" | "sha256" = "sha1"): Buffer {
  const bytes = readFileSync(repository.indexFile);
  const { problem } = scanIndex(Buffer.from(bytes), format, (offset, name) => {
    if (name.endsWith(".bin")) bytes.fill(0, offset, offset + 24).fill(0, offset + 28, offset + 40);
  });
  expect(problem).toBeUndefined();
  return bytes.subarray(0, bytes.length - hashLengths[format]);
}

describe.each([
  ["version 2", "sha1", { "index.version": "2" }],
  ["version 4", "sha1", { "index.version": "4" }],
  ["version 2", "sha256", { "index.version": "2" }],
  ["version 4", "sha256", { "index.version": "4" }],
  [
    "version 2 with offset table and end marker",
    "sha1",
    {
      "index.version": "2",
      "index.threads": "3",
      "index.recordEndOfIndexEntries": "true",
      "index.recordOffsetTable": "true",
    },
  ],
  [
    "version 4 with offset table and end marker",
    "sha256",
    {
      "index.version": "4",
      "index.threads": "3",
      "index.recordEndOfIndexEntries": "true",
      "index.recordOffsetTable": "true",
    },
  ],
] as const)("an index of %s with %s", (_version, format, config) => {
  it("is stamped so that git status reads nothing, and nothing else in it changes", async () => {
    const repository = create({ format, config });
    repository.withPointers(files);
    const before = unstamped(repository, format);
    expect(await repository.hydrate()).toEqual({
      stamped: hydrated.length,
      skipped: 0,
      fellBack: false,
      blocked: undefined,
    });
    expect(unstamped(repository, format)).toEqual(before);
    expect(repository.status()).toEqual(clean);
    expect(repository.git("diff-files")).toBe("");
    expect(repository.git("fsck")).toBe("");
    for (const path of hydrated) expect(repository.read(path)).toBe(files[path]);
  });

  it("is stamped the same in an index of version 3, which has extended flags", async () => {
    const repository = create({ format, config });
    repository.withPointers(files);
    repository.git("update-index", "--skip-worktree", "plain.txt");
    expect(await repository.hydrate()).toMatchObject({ stamped: hydrated.length, skipped: 0 });
    expect(repository.git("ls-files", "-v", "plain.txt")).toBe("S plain.txt\n");
    expect(repository.status()).toEqual(clean);
  });
});

describe("what git prints of a stamped entry", () => {
  it("is the file's stat", async () => {
    const repository = create();
    repository.withPointers(files);
    await repository.hydrate();
    const stat = lstatSync(join(repository.top, "a.bin"), { bigint: true });
    const second = 1_000_000_000n;
    expect(repository.git("ls-files", "--debug", "a.bin").replace(/\s+/g, " ")).toBe(
      `a.bin ctime: ${stat.ctimeNs / second}:${stat.ctimeNs % second} mtime: ${stat.mtimeNs / second}:${stat.mtimeNs % second} ` +
        `dev: ${stat.dev} ino: ${stat.ino} uid: ${stat.uid} gid: ${stat.gid} size: ${stat.size} flags: 0 `,
    );
  });

  it("has the executable bit that git recorded", async () => {
    const repository = create();
    repository.write("run.bin", "x".repeat(300));
    chmodSync(join(repository.top, "run.bin"), 0o755);
    repository.withPointers({ "run.bin": "x".repeat(300) });
    expect(statSync(join(repository.top, "run.bin")).mode & 0o100).toBe(0o100);
    await repository.hydrate();
    expect(repository.status()).toEqual(clean);
  });
});

describe("extensions", () => {
  it("of the untracked cache are kept, and new files are still seen", async () => {
    const repository = create();
    repository.withPointers(files);
    repository.git("update-index", "--force-untracked-cache");
    repository.git("status");
    expect(readFileSync(repository.indexFile).includes("UNTR")).toBe(true);
    await repository.hydrate();
    expect(readFileSync(repository.indexFile).includes("UNTR")).toBe(true);
    expect(repository.status()).toEqual(clean);
    writeFileSync(join(repository.top, "deep/new.txt"), "new");
    expect(repository.status()).toEqual({ text: "?? deep/new.txt\n", cleaned: [] });
  });

  it("of a file system monitor are kept, and its reports are still heeded", async () => {
    const repository = create();
    repository.withPointers(files);
    const hook = repository.beside("monitor");
    writeFileSync(hook, `#!/bin/sh\nprintf 'token\\0'\ncat '${repository.beside("changed")}' 2>/dev/null\nexit 0\n`, {
      mode: 0o755,
    });
    repository.git("config", "core.fsmonitor", hook);
    repository.git("config", "core.fsmonitorHookVersion", "2");
    repository.git("update-index", "--fsmonitor");
    repository.git("status");
    writeFileSync(repository.beside("changed"), hydrated.map((path) => `${path}\0`).join(""));
    expect(readFileSync(repository.indexFile).includes("FSMN")).toBe(true);
    expect(await repository.hydrate()).toMatchObject({ stamped: hydrated.length, fellBack: false });
    expect(readFileSync(repository.indexFile).includes("FSMN")).toBe(true);
    expect(repository.status()).toEqual(clean);
    writeFileSync(join(repository.top, "a.bin"), "edited");
    expect(repository.status().text).toBe(" M a.bin\n");
  });

  it("of a sparse index are kept: files inside the cone are stamped in place", async () => {
    const repository = create();
    repository.withPointers({ "in/a.bin": "a".repeat(200), "out/b.bin": "b".repeat(200), "out/c.txt": "c" });
    repository.git("sparse-checkout", "set", "--cone", "--sparse-index", "in");
    expect(readFileSync(repository.indexFile).includes("sdir")).toBe(true);
    expect(await repository.hydrate()).toMatchObject({ stamped: 1, fellBack: false });
    expect(readFileSync(repository.indexFile).includes("sdir")).toBe(true);
    expect(repository.status()).toEqual(clean);
    repository.git("sparse-checkout", "set", "in", "out");
    await repository.hydrate();
    expect(repository.status()).toEqual(clean);
    expect(repository.read("out/b.bin")).toBe("b".repeat(200));
  });

  it("of a split index make git join and split it, without reading a file", async () => {
    const repository = create({ config: { "core.splitIndex": "true" } });
    repository.withPointers(files);
    repository.git("update-index", "--split-index");
    repository.write("added.bin", "added later");
    utimesSync(join(repository.top, "added.bin"), 1_700_000_000, 1_700_000_000);
    repository.git("add", "added.bin");
    const before = repository.git("ls-files", "--stage");
    expect(readFileSync(repository.indexFile).includes("link")).toBe(true);
    repository.cleaned();
    const placed = repository.place();
    expect(await repository.stamp(placed)).toEqual({
      stamped: hydrated.length,
      skipped: 0,
      fellBack: true,
      blocked: undefined,
    });
    expect(repository.cleaned()).toEqual([]);
    expect(readFileSync(repository.indexFile).includes("link")).toBe(true);
    expect(repository.git("ls-files", "--stage")).toBe(before);
    repository.git("commit", "-qm", "added");
    expect(repository.status().text).toBe("");
    expect(repository.status()).toEqual(clean);
    expect(repository.git("fsck")).toBe("");
    const inode = statSync(repository.indexFile).ino;
    expect(await repository.stamp(placed)).toMatchObject({ stamped: hydrated.length });
    expect(statSync(repository.indexFile).ino).toBe(inode);
    expect(leftovers(repository)).toEqual([]);
  });
});

describe("a split index beside a sparse checkout that wants a sparse one", () => {
  it("is stamped all the same, and stays split", async () => {
    const repository = create({ config: { "core.splitIndex": "true" } });
    repository.withPointers({ "in/a.bin": "a".repeat(200), "out/b.bin": "b".repeat(200) });
    repository.git("sparse-checkout", "set", "--cone", "--sparse-index", "in");
    repository.git("update-index", "--split-index");
    expect(readFileSync(repository.indexFile).includes("link")).toBe(true);
    expect(await repository.hydrate()).toMatchObject({ stamped: 1, fellBack: true, blocked: undefined });
    expect(readFileSync(repository.indexFile).includes("link")).toBe(true);
    expect(repository.status()).toEqual(clean);
  });
});

describe("a split index with an entry that git distrusts", () => {
  it("is stamped without starting the filter, which could wait for the lock that is held", async () => {
    const repository = create({ config: { "core.splitIndex": "true" } });
    repository.withPointers(files);
    repository.write("racy.bin", "added just now");
    const later = Date.now() / 1000 + 1000;
    utimesSync(join(repository.top, "racy.bin"), later, later);
    repository.git("add", "racy.bin");
    const placed = repository.place();
    repository.cleaned();
    expect(await repository.stamp(placed)).toMatchObject({ stamped: hydrated.length, fellBack: true });
    expect(repository.cleaned()).toEqual([]);
    expect(repository.status()).toEqual({ text: "A  racy.bin\n", cleaned: ["racy.bin"] });
  });
});

function leftovers(repository: PointerRepository): string[] {
  const all = execFileSync("find", [join(repository.top, ".git"), repository.beside("temp"), "-type", "f"], {
    encoding: "utf8",
  });
  return all.split("\n").filter((name) => /\.lock$|mlgit-index|\.tmp$/.test(name));
}

describe("an edit", () => {
  it("between placing and stamping is reported by git status", async () => {
    const repository = create();
    repository.withPointers(files);
    const placed = repository.place();
    writeFileSync(join(repository.top, "deep/er/b.bin"), "B");
    expect(await repository.stamp(placed)).toMatchObject({ stamped: hydrated.length - 1, skipped: 1 });
    expect(repository.status().text).toBe(" M deep/er/b.bin\n");
  });

  it("that keeps size and time is reported too", async () => {
    const repository = create();
    repository.withPointers(files);
    const placed = repository.place();
    const { atime, mtime } = statSync(join(repository.top, "deep/er/b.bin"));
    writeFileSync(join(repository.top, "deep/er/b.bin"), "B");
    utimesSync(join(repository.top, "deep/er/b.bin"), atime, mtime);
    expect(await repository.stamp(placed)).toMatchObject({ skipped: 1 });
    expect(repository.status().text).toBe(" M deep/er/b.bin\n");
  });

  it("right after stamping is reported", async () => {
    const repository = create();
    repository.withPointers(files);
    await repository.hydrate();
    writeFileSync(join(repository.top, "deep/er/b.bin"), "B");
    expect(repository.status().text).toBe(" M deep/er/b.bin\n");
  });

  it("that was staged meanwhile is neither lost nor stamped", async () => {
    const repository = create();
    repository.withPointers(files);
    const placed = repository.place();
    writeFileSync(join(repository.top, "a.bin"), "edited");
    repository.git("add", "a.bin");
    expect(await repository.stamp(placed)).toMatchObject({ skipped: 1 });
    expect(repository.status().text).toBe("M  a.bin\n");
  });
});

describe("an entry of another file that git distrusts (racy)", () => {
  /** Edited in the second in which the index was written, with the same size: git must look at the content to see it. */
  async function racyEdit(indexAge: number) {
    const repository = create({ config: { "core.trustctime": "false", "core.checkStat": "minimal" } });
    repository.withPointers({ ...files, "plain.txt": "before" });
    const placed = repository.place();
    const then = Math.floor(Date.now() / 1000) + indexAge;
    utimesSync(join(repository.top, "plain.txt"), then, then);
    repository.git("add", "plain.txt");
    writeFileSync(join(repository.top, "plain.txt"), "edited");
    utimesSync(join(repository.top, "plain.txt"), then, then);
    utimesSync(repository.indexFile, then, then + 0.5);
    expect(await repository.stamp(placed)).toMatchObject({ stamped: hydrated.length });
    return repository;
  }

  it("stays distrusted when the index can keep its time", async () => {
    const repository = await racyEdit(-1);
    expect(repository.status()).toEqual({ text: " M plain.txt\n", cleaned: [] });
  });

  it("stays distrusted when the index must become younger", async () => {
    const repository = await racyEdit(-100);
    expect(Date.now() - statSync(repository.indexFile).mtimeMs).toBeLessThan(90_000);
    expect(repository.status()).toEqual({ text: " M plain.txt\n", cleaned: [] });
  });
});

describe("entries that are not to be stamped", () => {
  it.each([["--assume-unchanged"], ["--skip-worktree"]])("are those marked %s", async (mark) => {
    const repository = create();
    repository.withPointers(files);
    const placed = repository.place();
    repository.git("update-index", mark, "a.bin");
    expect(await repository.stamp(placed)).toMatchObject({ stamped: hydrated.length - 1, skipped: 1 });
  });

  it("are those of a conflict and those only intended to be added", async () => {
    const repository = create();
    repository.withPointers({ "x.bin": "one" });
    repository.git("switch", "-qc", "side");
    repository.write("x.bin", "two");
    repository.commit("two");
    repository.git("switch", "-q", "main");
    repository.write("x.bin", "three");
    repository.commit("three");
    expect(repository.try("merge", "side").status).toBe(1);
    repository.write("new.bin", "new");
    repository.git("add", "--intent-to-add", "new.bin");
    const before = readFileSync(repository.indexFile);
    const stat = lstatSync(join(repository.top, "x.bin"), { bigint: true });
    const blobs = new Set(repository.entries().map(({ blob }) => blob));
    for (const blob of blobs) {
      for (const path of ["x.bin", "new.bin"]) {
        const entry = {
          path: Buffer.from(path),
          blob,
          stat: path === "x.bin" ? stat : lstatSync(join(repository.top, path), { bigint: true }),
        };
        expect(await repository.stamp([entry])).toMatchObject({ stamped: 0, skipped: 1 });
      }
    }
    expect(readFileSync(repository.indexFile)).toEqual(before);
  });

  it("are paths that the index does not have, and files that are gone", async () => {
    const repository = create();
    repository.withPointers(files);
    const placed = repository.place();
    repository.git("rm", "-q", "--cached", "a.bin");
    execFileSync("rm", [join(repository.top, "deep/er/b.bin")]);
    expect(await repository.stamp(placed)).toMatchObject({
      stamped: hydrated.length - 2,
      skipped: 2,
      blocked: undefined,
    });
  });
});

describe("the index file", () => {
  it("is not written again when nothing changes", async () => {
    const repository = create();
    repository.withPointers(files);
    const placed = repository.place();
    await repository.stamp(placed);
    const { ino, ctimeMs } = statSync(repository.indexFile);
    expect(await repository.stamp(placed)).toMatchObject({ stamped: hydrated.length, skipped: 0 });
    expect(statSync(repository.indexFile)).toMatchObject({ ino, ctimeMs });
  });

  it("keeps its permissions", async () => {
    const repository = create();
    repository.withPointers(files);
    chmodSync(repository.indexFile, 0o660);
    await repository.hydrate();
    expect(statSync(repository.indexFile).mode & 0o777).toBe(0o660);
  });

  it("is stamped when two paths are links to one inode, whose change time moves with each link", async () => {
    const repository = create();
    repository.withPointers({ "x.bin": "same", "y.bin": "same" });
    const [x] = repository.place();
    execFileSync("rm", [join(repository.top, "y.bin")]);
    linkSync(join(repository.top, "x.bin"), join(repository.top, "y.bin"));
    const y = {
      path: Buffer.from("y.bin"),
      blob: x!.blob,
      stat: lstatSync(join(repository.top, "y.bin"), { bigint: true }),
    };
    expect(await repository.stamp([x!, y])).toMatchObject({ stamped: 2 });
    expect(repository.status()).toEqual(clean);
  });
});

describe("names", () => {
  it("with newlines, or in no encoding at all, are stamped", async () => {
    const repository = create();
    const names = [Buffer.from("new\nline.bin"), Buffer.from([0xff, 0xfe, 0x2e, 0x62, 0x69, 0x6e])];
    const raw = (name: Buffer) => Buffer.concat([Buffer.from(`${repository.top}/`), name]);
    for (const name of names) writeFileSync(raw(name), "x".repeat(500));
    repository.commit("odd");
    const blob = repository.git("rev-parse", "HEAD:new\nline.bin").trim();
    for (const name of names) writeFileSync(raw(name), "x".repeat(500));
    for (const name of names) utimesSync(raw(name), 1_700_000_000, 1_700_000_000);
    const entries = names.map((path) => ({ path, blob, stat: lstatSync(raw(path), { bigint: true }) }));
    expect(await repository.stamp(entries)).toMatchObject({ stamped: 2 });
    expect(repository.status()).toEqual(clean);
  });
});

describe("an index that cannot be stamped", () => {
  it("because its checksum is wrong or it is cut off is left byte for byte", async () => {
    const repository = create();
    repository.withPointers(files);
    const placed = repository.place();
    const { indexFile } = repository;
    const good = readFileSync(indexFile);
    const flipped = Buffer.from(good);
    flipped[60] = (flipped[60] ?? 0) ^ 1;
    for (const bad of [flipped, good.subarray(0, 100), Buffer.alloc(0), Buffer.from("hello")]) {
      writeFileSync(indexFile, bad);
      expect(await repository.stamp(placed)).toMatchObject({ stamped: 0, blocked: "damaged" });
      expect(readFileSync(indexFile)).toEqual(bad);
    }
    expect(leftovers(repository)).toEqual([]);
  });

  it("because of an extension that nobody knows is left byte for byte", async () => {
    const repository = create();
    repository.withPointers(files);
    const placed = repository.place();
    const { indexFile } = repository;
    const body = Buffer.concat([readFileSync(indexFile).subarray(0, -20), Buffer.from("xyzw\0\0\0\0")]);
    const bytes = Buffer.concat([body, createHash("sha1").update(body).digest()]);
    writeFileSync(indexFile, bytes);
    expect(await repository.stamp(placed)).toMatchObject({ stamped: 0, fellBack: true, blocked: "unsupported" });
    expect(readFileSync(indexFile)).toEqual(bytes);
    expect(leftovers(repository)).toEqual([]);
  });

  it("because it is not there, or is a symlink, stays that way", async () => {
    const repository = create();
    repository.withPointers(files);
    const placed = repository.place();
    const { indexFile } = repository;
    renameSync(indexFile, repository.beside("index"));
    expect(await repository.stamp(placed)).toMatchObject({ stamped: 0, skipped: hydrated.length });
    symlinkSync(repository.beside("index"), indexFile);
    expect(await repository.stamp(placed)).toMatchObject({ stamped: 0, blocked: "unwritable" });
    expect(lstatSync(indexFile).isSymbolicLink()).toBe(true);
  });

  it("because GIT_INDEX_FILE names another one is left alone", async () => {
    const repository = create();
    repository.withPointers(files);
    const placed = repository.place();
    const before = readFileSync(repository.indexFile);
    const saved = process.env.GIT_INDEX_FILE;
    try {
      process.env.GIT_INDEX_FILE = `${repository.indexFile}.other`;
      expect(await repository.stamp(placed)).toMatchObject({ stamped: 0, blocked: "foreign" });
      expect(readFileSync(join(repository.top, ".git/index"))).toEqual(before);
      process.env.GIT_INDEX_FILE = ".git/index";
      expect(await repository.stamp(placed)).toMatchObject({ stamped: hydrated.length, blocked: undefined });
    } finally {
      if (saved === undefined) delete process.env.GIT_INDEX_FILE;
      else process.env.GIT_INDEX_FILE = saved;
    }
    expect(repository.status()).toEqual(clean);
  });
});

describe("index.skipHash", () => {
  it("keeps its zeros in place of the checksum", async () => {
    const repository = create();
    repository.withPointers(files);
    const bytes = readFileSync(repository.indexFile);
    writeFileSync(repository.indexFile, bytes.fill(0, bytes.length - 20));
    expect(await repository.hydrate()).toMatchObject({ stamped: hydrated.length });
    expect(readFileSync(repository.indexFile).subarray(-20)).toEqual(Buffer.alloc(20));
    repository.cleaned();
    expect(repository.git("diff-files")).toBe("");
    expect(repository.cleaned()).toEqual([]);
  });
});

describe("index.lock", () => {
  it("is respected: held by somebody else, it and the index stay", async () => {
    const repository = create();
    repository.withPointers(files);
    const placed = repository.place();
    const before = readFileSync(repository.indexFile);
    writeFileSync(`${repository.indexFile}.lock`, "another process");
    expect(await repository.stamp(placed, 100)).toMatchObject({ stamped: 0, blocked: "locked" });
    expect(readFileSync(repository.indexFile)).toEqual(before);
    expect(readFileSync(`${repository.indexFile}.lock`, "utf8")).toBe("another process");
  });

  it("is waited for, and what its owner wrote is kept", async () => {
    const repository = create();
    repository.withPointers(files);
    const placed = repository.place();
    const { indexFile } = repository;
    const found = await findRepository(repository.top);
    writeFileSync(`${indexFile}.lock`, "");
    // Reads the index and asks for the lock before it answers.
    const stamping = stampIndex(found, placed, { patienceMs: 20_000 });
    writeFileSync(join(repository.top, "new.txt"), "new");
    execFileSync("cp", [indexFile, repository.beside("theirs")]);
    execFileSync("git", ["add", "new.txt"], {
      cwd: repository.top,
      env: { ...process.env, GIT_INDEX_FILE: repository.beside("theirs") },
    });
    execFileSync("cp", [repository.beside("theirs"), `${indexFile}.lock`]);
    renameSync(`${indexFile}.lock`, indexFile);
    expect(await stamping).toMatchObject({ stamped: hydrated.length, blocked: undefined });
    expect(repository.status()).toEqual({ text: "A  new.txt\n", cleaned: [] });
  });

  it("makes stamping and git add in other processes lose nothing of each other", async () => {
    const repository = create();
    repository.withPointers(files);
    const placed = repository.place();
    const script = `for i in $(seq 1 60); do echo $i > n$i.txt; until git add n$i.txt 2>/dev/null; do :; done; done`;
    const adding = promisify(execFile)("sh", ["-c", script], { cwd: repository.top });
    let running = true;
    const added = adding.finally(() => {
      running = false;
    });
    let written = 0;
    while (running) {
      // Another time each round, so that each round has something to write.
      const stat = statSync(join(repository.top, "a.bin")).mtimeMs / 1000 - 1;
      utimesSync(join(repository.top, "a.bin"), stat, stat);
      const a = { ...placed[0]!, stat: lstatSync(join(repository.top, "a.bin"), { bigint: true }) };
      written += (await repository.stamp([a, ...placed.slice(1)])).stamped;
      // Where nobody holds the lock, a stamp waits for nothing.
      await setImmediate();
    }
    await added;
    expect(written).toBeGreaterThan(hydrated.length);
    const listed = repository.git("ls-files", "n*.txt").split("\n").filter(Boolean);
    expect(listed).toHaveLength(60);
    expect(repository.git("fsck")).toBe("");
    expect(repository.status().cleaned).toEqual([]);
    expect(leftovers(repository)).toEqual([]);
  });
});
