import { spawnSync } from "node:child_process";
import { afterAll, describe, expect, it } from "@jest/globals";
import { DeferredJournal } from "../../src/hydrate/deferred.ts";
import { createDataProject } from "../helper/data-project.ts";
import { oidOf, pointerOf } from "../helper/pointer-of.ts";
import { describePostHook } from "../helper/post-hook.ts";
import { randomBytes } from "../helper/sandbox.ts";

describePostHook("post-index-change", (work) => work.git(["reset", "-q", "--hard", "side"]));

describe("a checkout that is killed after git, before the bytes are there", () => {
  let remove = () => {};
  afterAll(() => remove());

  it("is made good by the same command, in which git has nothing to do", async () => {
    const project = await createDataProject();
    remove = () => project.box.remove();
    const bytes = randomBytes("killed", 1_200_000);
    project.write("data/big.bin", bytes);
    await project.git("add", ".");
    await project.git("commit", "-qm", "big");
    await project.mlgit(["dehydrate", "data"]);
    expect(project.read("data/big.bin").toString()).toBe(pointerOf(bytes));
    const path = Buffer.from("data/big.bin");
    new DeferredJournal(`${project.work}/.git`).append({ path, oid: oidOf(bytes), size: bytes.length });
    project.write(".git/mlgit-filter", `${spawnSync("true").pid}\n`);
    await project.git("reset", "-q", "--hard");
    expect(project.read("data/big.bin").equals(bytes)).toBe(true);
    expect((await project.git("status", "--porcelain")).stdout).toBe("");
  });
});
