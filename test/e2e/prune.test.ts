import { rmSync, utimesSync } from "node:fs";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { createDataProject, type DataProject } from "../helper/data-project.ts";
import { randomBytes } from "../helper/sandbox.ts";

// Each starts git and mlgit dozens of times.
jest.setTimeout(180_000);

const large = (n: number) => randomBytes(`large ${n}`, 1_200_000 + n);
const small = (n: number) => randomBytes(`small ${n}`, 9000 + n);

describe("git mlgit prune", () => {
  let project: DataProject;
  afterEach(() => project.box.remove());

  async function started(): Promise<void> {
    project = await createDataProject();
  }
  const prune = async (...args: string[]) =>
    (await project.json(["prune", ...args])) as { dropped: number; kept: number; repacked: number };
  const old = new Date(Date.now() - 30 * 86_400_000);
  /** As if all of the cache had been written a month ago. */
  const age = () => {
    for (const path of [...project.cached("files"), ...project.cached("packs")]) utimesSync(path, old, old);
    // On a slow machine git asks for some contents twice, and what came again counts as new.
    for (const path of project.cached("journal")) if (path.includes("reused-")) rmSync(path);
  };
  const clean = () => project.mlgit(["fsck"]);

  it("drops nothing that was never pushed, staged and stashed contents and those of the reflog included", async () => {
    await started();
    project.write("data/committed.bin", large(1));
    await project.commit("one");
    project.write("data/amended.bin", large(2));
    await project.commit("two");
    await project.git("reset", "-q", "--hard", "HEAD~1");
    project.write("data/untracked.bin", small(3));
    project.write("data/committed.bin", large(4));
    await project.git("add", "data/committed.bin");
    project.write("data/committed.bin", large(5));
    await project.git("stash", "-q", "-u");
    project.write("data/staged.bin", small(6));
    await project.git("add", ".");
    age();
    expect(await prune("--grace", "0")).toMatchObject({ dropped: 0 });
    rmSync(`${project.work}/data`, { recursive: true });
    await clean();
    await project.git("reset", "-q", "--hard");
    await project.git("stash", "pop", "-q", "--index");
    expect(project.read("data/committed.bin").equals(large(5))).toBe(true);
    expect(project.read("data/untracked.bin").equals(small(3))).toBe(true);
  });

  it("drops what the store has, keeps what is checked out unless told otherwise, and gets it back", async () => {
    await started();
    project.write("data/a.bin", large(1));
    for (let n = 0; n < 4; n++) project.write(`data/${n}.bin`, small(n));
    await project.commit("one");
    project.write("data/a.bin", large(2));
    project.write("data/0.bin", small(100));
    await project.commit("two");
    await project.git("push", "-q", "origin", "main");
    expect(await prune("-n", "--keep", "unpushed")).toMatchObject({ dropped: 7 });
    expect(await prune("--verify-store")).toMatchObject({ dropped: 1 });
    expect(await prune("--keep", "unpushed")).toMatchObject({ dropped: 6 });
    expect(project.cached("files")).toEqual([]);
    await clean();
    await project.git("checkout", "-q", "HEAD~1");
    expect(project.read("data/a.bin").equals(large(1))).toBe(true);
    expect(project.read("data/0.bin").equals(small(0))).toBe(true);
  });

  it("keeps what only this clone needs, though the store has it: who collects that does not know", async () => {
    await started();
    project.write("data/a.bin", large(1));
    await project.commit("one");
    await project.mlgit(["push"]);
    expect(await prune("-n", "--keep", "unpushed")).toMatchObject({ dropped: 0, kept: 1 });
    await project.git("push", "-q", "origin", "main");
    expect(await prune("-n", "--keep", "unpushed")).toMatchObject({ dropped: 1, kept: 0 });
    await project.git("update-ref", "-d", "refs/remotes/origin/main");
    expect(await prune("-n", "--keep", "unpushed")).toMatchObject({ dropped: 0, kept: 1 });
  });

  it("keeps the contents of a store whose pack is gone or damaged", async () => {
    await started();
    project.write("data/a.bin", large(1));
    await project.commit("one");
    await project.git("push", "-q", "origin", "main");
    rmSync(project.box.path("origin.git/mlgit/packs"), { recursive: true });
    expect(await prune("--keep", "unpushed")).toMatchObject({ dropped: 0, kept: 1 });
  });

  it("drops what nothing needs only after the grace period, and not when it was added again since", async () => {
    await started();
    project.write("data/a.bin", large(1));
    for (let n = 0; n < 3; n++) project.write(`data/${n}.bin`, small(n));
    await project.git("add", ".");
    await project.git("rm", "-q", "-f", "-r", "--cached", "data");
    expect(await prune()).toMatchObject({ dropped: 0, kept: 4 });
    age();
    await project.git("add", "data/a.bin");
    await project.git("rm", "-q", "-f", "--cached", "data/a.bin");
    expect(await prune()).toMatchObject({ dropped: 3, kept: 1 });
    await project.git("add", "data");
    rmSync(`${project.work}/data`, { recursive: true });
    await clean();
  });

  it("drops a pack when all of it goes, however little that is", async () => {
    await started();
    for (const name of ["x", "y"]) project.write(`data/${name}.bin`, name);
    await project.git("add", ".");
    await project.commit("tiny");
    await project.git("push", "-q", "-u", "origin", "main");
    expect(await prune("--keep", "unpushed")).toMatchObject({ dropped: 2, kept: 0 });
    expect(project.cached("packs")).toEqual([]);
  });

  it("rewrites a pack when most of it goes", async () => {
    await started();
    for (let n = 0; n < 6; n++) project.write(`data/${n}.bin`, small(n));
    await project.git("add", ".");
    await project.git(
      "rm",
      "-q",
      "-f",
      "--cached",
      "data/0.bin",
      "data/1.bin",
      "data/2.bin",
      "data/3.bin",
      "data/4.bin",
    );
    age();
    expect(await prune()).toMatchObject({ dropped: 5, kept: 1, repacked: 1 });
    rmSync(`${project.work}/data`, { recursive: true });
    await clean();
    expect(project.cached("packs").filter((path) => path.endsWith(".pack"))).toHaveLength(1);
  });

  it("drops nothing that the store lacks from a cache that repositories share", async () => {
    await started();
    await project.git("config", "mlgit.cache", project.box.path("shared"));
    project.write("data/a.bin", large(1));
    await project.git("add", ".");
    await project.git("rm", "-q", "-f", "--cached", "data/a.bin");
    expect(await prune("--grace", "0")).toMatchObject({ dropped: 0, kept: 1 });
  });
});
