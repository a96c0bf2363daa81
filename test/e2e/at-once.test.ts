import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { createDataProject, type DataProject } from "../helper/data-project.ts";
import { randomBytes } from "../helper/sandbox.ts";

jest.setTimeout(240_000);

describe("commands that run at the same time", () => {
  let project: DataProject;
  afterEach(() => project.box.remove());

  it("lose no edit of .gitattributes, of .mlgit/config.yaml or of git's configuration, and no lock of a killed one stops them", async () => {
    project = await createDataProject();
    const names = ["a", "b", "c", "d", "e", "f"];
    // A mark of this form on this host, of a process that cannot be: pid 0.
    const { processMark } = await import("../../src/util/process-mark.ts");
    project.box.write("work/.git/mlgit-edit.lock", processMark().replace(/-\d+-/, "-0-"));
    await Promise.all([
      ...names.map((name) => project.mlgit(["track", `${name}/**`])),
      ...names.map((name) => project.mlgit(["store", "add", name, project.box.path(name)])),
    ]);
    for (const name of names) {
      expect(project.read(".gitattributes").toString()).toContain(`${name}/** filter=mlgit`);
      expect(project.read(".mlgit/config.yaml").toString()).toContain(`url: file://${project.box.path(name)}\n`);
    }
    await Promise.all([
      project.mlgit(["untrack", "a/**"]),
      project.mlgit(["untrack", "b/**"]),
      project.mlgit(["store", "remove", "a"]),
      project.mlgit(["store", "remove", "b"]),
    ]);
    const text = project.read(".gitattributes").toString();
    expect(["a", "b", "c"].map((name) => text.includes(`\n${name}/** filter`))).toEqual([false, false, true]);
    const { stores } = (await project.json(["store", "list"])) as { stores: { name: string }[] };
    expect(stores.map(({ name }) => name).sort()).toEqual(["c", "d", "e", "f"]);
    expect(readdirSync(join(project.work, ".git")).filter((name) => name.includes("mlgit-edit"))).toEqual([]);
  });

  it("store, check, prune, push and collect one cache and one store, and everything committed is there after", async () => {
    project = await createDataProject();
    const big = randomBytes("big", 1_500_000);
    const small = randomBytes("small", 20_000);
    project.write("data/big.bin", big);
    project.write("data/small.bin", small);
    await project.commit("one");
    await project.git("push", "-q", "origin", "main");
    await project.git("worktree", "add", "-q", project.box.path("other"), "-b", "other");
    project.write("data/new.bin", randomBytes("new", 1_200_000));
    project.box.write("other/data/new.bin", randomBytes("newer", 1_200_000));
    const other = (args: readonly string[]) => project.mlgit(args, { cwd: project.box.path("other") });
    await Promise.all([
      project.mlgit(["add", "data"]),
      other(["add", "data"]),
      project.mlgit(["fsck"]),
      project.mlgit(["prune", "--keep", "unpushed", "--grace", "0"]),
      other(["prune", "--keep", "unpushed", "--grace", "0"]),
      project.mlgit(["push", "--all"]),
      project.mlgit(["fetch", "--all"]),
      project.mlgit(["du"]),
      project.mlgit(["gc", "--grace", "1h"]),
    ]);
    await project.git("commit", "-qm", "two");
    await project.box.git(["commit", "-qm", "two"], { cwd: project.box.path("other") });
    await Promise.all([
      project.git("push", "-q", "origin", "main"),
      project.box.git(["push", "-q", "origin", "other"], { cwd: project.box.path("other") }),
      project.mlgit(["prune", "--grace", "0"]),
    ]);
    await project.mlgit(["fsck"]);
    await project.box.mlgit(["install"]);
    for (const [branch, seed] of [
      ["main", "new"],
      ["other", "newer"],
    ] as const) {
      const clone = project.box.path(`clone of ${branch}`);
      await project.box.git(["clone", "-q", "-b", branch, project.box.path("origin.git"), clone]);
      expect(project.box.read(`clone of ${branch}/data/new.bin`).equals(randomBytes(seed, 1_200_000))).toBe(true);
      expect(project.box.read(`clone of ${branch}/data/big.bin`).equals(big)).toBe(true);
      expect(project.box.read(`clone of ${branch}/data/small.bin`).equals(small)).toBe(true);
    }
  });
});
