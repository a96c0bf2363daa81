import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { EntityProject } from "../helper/entity-project.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { mountSmallDisk } from "../helper/small-disk.ts";
import { spy } from "../helper/spy.ts";

jest.setTimeout(240_000);

const size = 1_300_000;
const bytes = (name: string) => randomBytes(name, size);

describe("worktree copies after a push", () => {
  const project = new EntityProject();
  const absolute = (path: string) => join(project.cwd, path);
  const stat = (path: string) => statSync(absolute(path));
  const write = (path: string, data: Uint8Array | string) => project.box.write(`a/${path}`, data);
  const isSame = (path: string, data: Buffer) => project.box.read(`a/${path}`).equals(data);
  const status = async () => (await project.git("status", "--porcelain")).stdout;
  const publish = async (message: string) => {
    await project.commit(message);
    await project.git("push", "-q", "-u", "origin", "main");
  };
  /** What the file system does, asked of it: hard links, or reflinks, which keep an inode of their own. */
  let links = 1;
  afterAll(() => project.remove());

  beforeAll(async () => {
    await project.start();
    for (const mutability of ["strict", "flexible", "mutable"]) {
      await project.mlgit("datasets", "create", mutability, "--categories=c", `--mutability=${mutability}`);
      write(`datasets/${mutability}/data/x`, bytes(mutability));
    }
    write("datasets/strict/data/edited", bytes("before"));
    write("datasets/strict/data/unnoticed", bytes("before too"));
    write("datasets/strict/data/linked", bytes("linked"));
    write("datasets/strict/data/small", randomBytes("small", 1000));
    write("datasets/strict/data/small edited", "before");
    write("datasets/strict/data/small linked", "linked");
    write("datasets/strict/data/run", "#!/bin/sh\n");
    chmodSync(absolute("datasets/strict/data/run"), 0o755);
    await project.commit("one");
    writeFileSync(absolute("datasets/strict/data/edited"), bytes("after"));
    writeFileSync(absolute("datasets/strict/data/small edited"), "after ");
    linkSync(absolute("datasets/strict/data/small linked"), project.box.path("small linked"));
    await project.git("update-index", "--assume-unchanged", "datasets/strict/data/unnoticed");
    writeFileSync(absolute("datasets/strict/data/unnoticed"), bytes("after too"));
    linkSync(absolute("datasets/strict/data/linked"), project.box.path("linked"));
    expect(stat("datasets/strict/data/x").nlink).toBe(1);
    await project.git("push", "-q", "-u", "origin", "main");
    links = stat("datasets/strict/data/x").nlink;
  });

  it("are read-only links to the cache where the bytes must not change, and git sees no change", async () => {
    for (const name of ["strict", "flexible"]) {
      const path = `datasets/${name}/data/x`;
      expect(stat(path).mode & 0o222).toBe(0);
      expect(stat(path).nlink).toBe(links);
      expect(isSame(path, bytes(name))).toBe(true);
    }
    expect(stat("datasets/strict/data/small").mode & 0o777).toBe(0o444);
    expect(stat("datasets/strict/data/run").mode & 0o777).toBe(0o555);
    const seen = await spy(project.box, (env) => project.box.git(["status", "--porcelain"], { cwd: project.cwd, env }));
    expect(seen.result.stdout).toBe(' M datasets/strict/data/edited\n M "datasets/strict/data/small edited"\n');
  });

  it("stay as they are where the bytes may change, were changed, or have other links", () => {
    expect(stat("datasets/mutable/data/x").mode & 0o200).toBe(0o200);
    expect(stat("datasets/mutable/data/x").nlink).toBe(1);
    expect(isSame("datasets/strict/data/edited", bytes("after"))).toBe(true);
    expect(isSame("datasets/strict/data/unnoticed", bytes("after too"))).toBe(true);
    for (const name of ["small edited", "small linked"])
      expect(stat(`datasets/strict/data/${name}`).mode & 0o200).toBe(0o200);
    expect(stat("datasets/strict/data/linked").ino).toBe(statSync(project.box.path("linked")).ino);
  });

  it("are links again after somebody made them writable and git wrote them anew", async () => {
    const path = "datasets/strict/data/x";
    chmodSync(absolute(path), 0o644);
    rmSync(absolute(path));
    await project.git("checkout", "-q", "--", path);
    expect(stat(path).nlink).toBe(links);
    expect(stat(path).mode & 0o222).toBe(0);
    expect(await status()).not.toContain(path);
  });

  it("that are changed through the link all the same damage nothing that git or a clone gets", async () => {
    const path = "datasets/flexible/data/x";
    chmodSync(absolute(path), 0o644);
    writeFileSync(absolute(path), bytes("forced"));
    await project.git("checkout", "-q", "--", "datasets/strict");
    expect(await status()).toBe(` M ${path}\n`);
    await project.git("checkout", "-q", "--", path);
    expect(isSame(path, bytes("flexible"))).toBe(true);
    await project.mlgit("fsck");
  });

  it("that are changed with their time put back are found out by fsck and mended", async () => {
    const path = "datasets/flexible/data/x";
    const { atime, mtime } = stat(path);
    chmodSync(absolute(path), 0o644);
    writeFileSync(absolute(path), bytes("disguised"));
    utimesSync(absolute(path), atime, mtime);
    await project.box.mlgit(["fsck", "--fix"], { cwd: project.cwd, code: "any" });
    rmSync(absolute(path));
    await project.git("checkout", "-q", "--", path);
    expect(isSame(path, bytes("flexible"))).toBe(true);
  });

  it("are read-only copies when the cache lies on another file system", async () => {
    const folder = project.box.path("disk");
    mkdirSync(folder);
    const disk = mountSmallDisk(folder, 64);
    if (!disk) return;
    try {
      await project.git("config", "mlgit.cache", folder);
      write("datasets/strict/data/far", bytes("far"));
      await project.setVersion("datasets/strict/strict.spec", 2);
      await publish("far");
      expect(stat("datasets/strict/data/far").nlink).toBe(1);
      expect(stat("datasets/strict/data/far").mode & 0o222).toBe(0);
      expect(isSame("datasets/strict/data/far", bytes("far"))).toBe(true);
      expect(readdirSync(join(folder, "files"))).toHaveLength(1);
      expect(readFileSync(absolute("datasets/strict/data/far")).length).toBe(size);
    } finally {
      await project.git("config", "--unset", "mlgit.cache");
      disk.unmount();
    }
  });
});
