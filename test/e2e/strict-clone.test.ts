import { constants, copyFileSync, statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { EntityProject } from "../helper/entity-project.ts";
import { randomBytes } from "../helper/sandbox.ts";

jest.setTimeout(240_000);

describe("large files of a strict dataset", () => {
  const project = new EntityProject();
  const { box } = project;
  const stat = (path: string) => statSync(box.path(path));
  const write = (name: string) => box.write(`a/datasets/strict/data/${name}`, randomBytes(name, 1_300_000));
  const publish = async () => {
    await project.commit("data");
    await project.git("push", "-q", "-u", "origin", "main");
  };
  afterAll(() => project.remove());

  beforeAll(async () => {
    await project.start();
    await project.mlgit("datasets", "create", "strict", "--categories=c", "--mutability=strict");
    write("x");
    await publish();
    await box.git(["clone", "-q", box.path("a.git"), "clone"], { cwd: box.path("") });
  });

  const hasReflinks = () => {
    try {
      copyFileSync(box.path("a/datasets/strict/data/x"), box.path("reflink"), constants.COPYFILE_FICLONE_FORCE);
      return true;
    } catch {
      return false;
    }
  };

  /** One inode for the worktree and the cache: by a link where the file system has no reflinks. */
  const takesNoRoom = (path: string) => {
    expect(stat(path).mode & 0o222).toBe(0);
    expect(stat(path).nlink).toBe(hasReflinks() ? 1 : 2);
  };

  it("are there once after a clone, not in the cache and in the worktree", () => {
    takesNoRoom("clone/datasets/strict/data/x");
  });

  it("are there once after a pull that brought them", async () => {
    write("y");
    await project.setVersion("datasets/strict/strict.spec", 2);
    await publish();
    await box.git(["pull", "-q"], { cwd: box.path("clone") });
    takesNoRoom("clone/datasets/strict/data/y");
  });
});
