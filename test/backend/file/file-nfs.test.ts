import { link, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { FileBackend } from "../../../src/backend/file/file-backend.ts";
import { systemCalls } from "../../../src/backend/file/file-write.ts";
import { probeGuarantees } from "../../../src/backend/probe.ts";
import { describeBackend, failure, format, git, names, read } from "../contract.ts";

const failing = (code: string) => Object.assign(new Error(code), { code });

let top: string;

describeBackend("file without hard links", {
  many: 50,
  open: async () => {
    top = await mkdtemp(join(tmpdir(), "mlgit-nfs-"));
    const calls = { ...systemCalls, link: () => Promise.reject(failing("ENOTSUP")) };
    const backend = new FileBackend({ folder: join(top, "store") }, calls);
    await backend.save(format, Buffer.from("{}"), { ifAbsent: true });
    expect(backend.properties.exclusiveCreate).toBe(false);
    expect((await probeGuarantees(backend)).exclusiveCreate).toBe(false);
    return backend;
  },
  cleanUp: () => rm(top, { recursive: true }),
});

describe("file backend on NFS", () => {
  let folder: string;
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), "mlgit-nfs-")), "store");
    await new FileBackend({ folder }).save(format, Buffer.from("{}"));
  });
  afterEach(() => rm(join(folder, ".."), { recursive: true }));

  /** Each call is done, and then its answer is lost: NFS asks again, and that finds it done. */
  const forgetful = () =>
    new FileBackend(
      { folder },
      {
        link: async (from, to) => {
          await link(from, to);
          await link(from, to);
        },
        rename: async (from, to) => {
          await rename(from, to);
          await rename(from, to);
        },
      },
    );

  it("takes its own file under the name for its success, when the answer was lost", async () => {
    const backend = forgetful();
    await backend.save(git("created"), Buffer.from("one"), { ifAbsent: true });
    await backend.save(git("replaced"), Buffer.from("old"));
    await backend.save(git("replaced"), Buffer.from("new"));
    expect((await read(backend, git("created"))).toString()).toBe("one");
    expect((await read(backend, git("replaced"))).toString()).toBe("new");
    expect((await readdir(join(folder, "git"))).sort()).toEqual(["created", "replaced"]);
  });

  it("does not take somebody else's file for its own", async () => {
    await new FileBackend({ folder }).save(git("taken"), Buffer.from("same bytes"));
    const error = await failure(forgetful().save(git("taken"), Buffer.from("same bytes"), { ifAbsent: true }));
    expect(error.kind).toBe("conflict");
    expect(await readdir(join(folder, "git"))).toEqual(["taken"]);
  });

  it("does not list what NFS keeps of a removed file that is still open", async () => {
    const backend = new FileBackend({ folder });
    await backend.save(git("a"), Buffer.from("x"));
    await writeFile(join(folder, "git", ".nfs000000000123456700000001"), "gone");
    expect(await names(backend, "git")).toEqual(["a"]);
  });

  it("says that a handle became stale, and that trying again may help", async () => {
    const stale = () => Promise.reject(failing("ESTALE"));
    const backend = new FileBackend({ folder }, { link: stale, rename: stale });
    const error = await failure(backend.save(git("x"), Buffer.from("x")));
    expect(error.kind).toBe("unreachable");
    expect(backend.isPermanent(error)).toBe(false);
    expect(await readdir(join(folder, "git"))).toEqual([]);
  });
});
