import { mkdtempSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { FileBackend } from "../../../src/backend/file/file-backend.ts";
import { describeBackend, failure, format, git, names, pack, read } from "../contract.ts";
import { describeCopies } from "../copy-contract.ts";

let top: string;

describeBackend("file", {
  open: async () => {
    top = await mkdtemp(join(tmpdir(), "mlgit-file-"));
    return new FileBackend({ folder: join(top, "store") });
  },
  cleanUp: () => rm(top, { recursive: true }),
});

const copies = mkdtempSync(join(tmpdir(), "mlgit-file-"));
afterAll(() => rm(copies, { recursive: true }));
describeCopies("file", async () => [
  new FileBackend({ folder: join(copies, "one") }),
  new FileBackend({ folder: join(copies, "two") }),
]);

describe("file backend", () => {
  let folder: string;
  let backend: FileBackend;
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), "mlgit-file-")), "store");
    backend = new FileBackend({ folder });
  });
  afterEach(() => rm(join(folder, ".."), { recursive: true }));

  it("says that the folder is missing, and makes it only for the format marker", async () => {
    for (const work of [read(backend, pack()), names(backend, "pack"), backend.save(pack(), Buffer.from("x"))]) {
      const error = await failure(work);
      expect(error).toMatchObject({ kind: "unreachable", path: folder });
      expect(error.hint).toContain("mounted");
    }
    await backend.remove(pack()).catch((error) => expect(error.kind).toBe("unreachable"));
    await backend.save(format, Buffer.from("{}"));
    await backend.save(pack(), Buffer.from("x"));
    expect((await readdir(folder)).sort()).toEqual(["mlgit.json", "packs"]);
  });

  it("does not make the folder above the store's", async () => {
    const deep = new FileBackend({ folder: join(folder, "not", "there") });
    expect((await failure(deep.save(format, Buffer.from("{}")))).kind).toBe("unreachable");
    expect((await failure(deep.stat(format))).kind).toBe("unreachable");
  });

  it("makes objects read-only, and readable for those who may read the store", async () => {
    await mkdir(folder);
    await chmod(folder, 0o2750);
    const handle = pack();
    await backend.save(handle, Buffer.from("x"));
    const path = join(folder, "packs", handle.name.slice(0, 2));
    expect((await stat(join(path, handle.name))).mode & 0o7777).toBe(0o440);
    expect((await stat(path)).mode & 0o7777).toBe(0o2750);
  });

  it("shares a new store with the group that shares the folder around it, whatever the umask is, and with nobody else", async () => {
    const shared = join(folder, "..", "shared");
    await mkdir(shared);
    await chmod(shared, 0o2775);
    const umask = process.umask(0o077);
    try {
      const store = new FileBackend({ folder: join(shared, "store") });
      await store.save(format, Buffer.from("{}"));
      const handle = pack();
      await store.save(handle, Buffer.from("x"));
      const modeOf = async (path: string) => (await stat(join(shared, "store", path))).mode & 0o7777;
      expect([await modeOf(""), await modeOf("packs"), await modeOf("mlgit.json")]).toEqual([0o2770, 0o2770, 0o440]);
      await chmod(shared, 0o755);
      await new FileBackend({ folder: join(shared, "own") }).save(format, Buffer.from("{}"));
      expect((await stat(join(shared, "own"))).mode & 0o7777).toBe(0o700);
    } finally {
      process.umask(umask);
    }
  });

  it("hides unfinished files, and removes those that a killed process left days ago", async () => {
    await backend.save(format, Buffer.from("{}"));
    await backend.save(git("a"), Buffer.from("x"));
    const [young, old] = ["0123456789abcdef", "fedcba9876543210"].map((end) =>
      join(folder, "git", `.mlgit-tmp-${end}`),
    );
    for (const path of [young!, old!]) await writeFile(path, "half");
    await utimes(old!, 1_000_000, 1_000_000);
    expect(await names(backend, "git")).toEqual(["a"]);
    expect((await readdir(join(folder, "git"))).sort()).toEqual([".mlgit-tmp-0123456789abcdef", "a"]);
  });

  it("leaves no unfinished file after a lost race", async () => {
    await backend.save(format, Buffer.from("{}"));
    await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => backend.save(git("r"), Buffer.from(`${i}`), { ifAbsent: true })),
    );
    expect(await readdir(join(folder, "git"))).toEqual(["r"]);
  });

  it("fails when an object is cut while it is read", async () => {
    await backend.save(format, Buffer.from("{}"));
    const handle = git("cut");
    await backend.save(handle, Buffer.alloc(9 << 20));
    const error = await failure(
      backend.load(handle, undefined, async (body) => {
        for await (const _ of body) {
          await chmod(join(folder, "git", "cut"), 0o644);
          await writeFile(join(folder, "git", "cut"), "short");
        }
      }),
    );
    expect(error.kind).toBe("corrupt");
    const later = await failure(
      backend.load(handle, undefined, async (body) => {
        await writeFile(join(folder, "git", "cut"), "x");
        await body.into?.(Buffer.alloc(9));
      }),
    );
    expect(later.kind).toBe("corrupt");
  });

  it("puts what fits of an object into memory, and says how much there is", async () => {
    await backend.save(format, Buffer.from("{}"));
    await backend.save(git("a"), Buffer.from("0123456789"));
    const target = Buffer.from("abcd");
    const range = { start: 1, end: 8 };
    expect(await backend.load(git("a"), range, (body) => Promise.resolve(body.into?.(target)))).toBe(7);
    expect(target.toString()).toBe("1234");
  });

  it("explains a path that is a file", async () => {
    await backend.save(format, Buffer.from("{}"));
    await backend.save(git("a"), Buffer.from("x"));
    const error = await failure(backend.save(git("a/b"), Buffer.from("x")));
    expect(error).toMatchObject({ kind: "unsupported", path: "git/a/b" });
    expect(backend.isNotFound(await failure(backend.stat({ type: "git", name: "a/b" })))).toBe(true);
  });

  it("writes again after somebody removed a folder of the store", async () => {
    await backend.save(format, Buffer.from("{}"));
    await backend.save(git("x/a"), Buffer.from("1"));
    await rm(join(folder, "git"), { recursive: true });
    const first = await failure(backend.save(git("x/b"), Buffer.from("2")));
    expect(backend.isPermanent(first)).toBe(false);
    await backend.save(git("x/b"), Buffer.from("2"));
    expect(await names(backend, "git")).toEqual(["x/b"]);
  });
});
