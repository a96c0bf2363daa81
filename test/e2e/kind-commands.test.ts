import { chmodSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { EntityProject } from "../helper/entity-project.ts";

/** Twelve files in version 1; one more, and one changed, in version 2. */
describe("ml-git's options and commands", () => {
  const project = new EntityProject();
  const folder = "datasets/d";
  const d = (...args: string[]) => project.mlgit("datasets", ...args);
  const json = async (...args: string[]) => JSON.parse((await d(...args, "--json")).stdout);
  const files = () => readdirSync(`${project.cwd}/${folder}/data`).sort();
  const status = async () => (await project.git("status", "--porcelain")).stdout;
  const there = (count: number) =>
    expect(existsSync(`${project.cwd}/${folder}/data`) ? files() : []).toHaveLength(count);

  beforeAll(async () => {
    await project.start();
    await d("create", "d", "--categories=c", "--mutability=flexible");
    for (let i = 10; i < 22; i++) project.write(`${folder}/data/f${i}`, `file ${i}`);
    await d("add", "d");
    await d("commit", "d");
    await project.mlgit("unlock", `${folder}/data/f10`);
    project.write(`${folder}/data/f10`, "changed");
    project.write(`${folder}/data/f22`, "new");
    await d("add", "d", "--bumpversion");
    await d("commit", "d");
    await d("push", "d", "--retry=1", "--clearonfail", "--fail-limit=3");
  }, 240_000);
  afterAll(() => project.remove());

  it("checks out samples, and what is left out is deleted by no commit", async () => {
    const range = ["--sample-type=range", "--sampling=0:6:2"];
    expect(await json("checkout", "d", "--version=1", ...range)).toMatchObject({ leftOut: 9 });
    expect(files()).toEqual(["f10", "f12", "f14"]);
    expect(project.read(`${folder}/data/f12`)).toBe("file 12");
    await project.git("add", "-A");
    project.write("note", "x");
    await project.git("add", "note");
    await d("status", "d");
    expect((await project.git("diff", "--cached", "--name-only", "c__d__1", "--", folder)).stdout).toBe("");
    expect(await json("branch", "d")).toMatchObject({ tag: "c__d__1" });
    await project.git("reset", "-q", "--", "note");
    await d("checkout", "d", "--version=1", "--sample-type=random", "--sampling=1:3", "--seed=5");
    const once = files();
    expect(once).toHaveLength(4);
    await d("checkout", "d", "--version=1");
    there(12);
    await d("checkout", "d", "--version=1", "--sample-type=random", "--sampling=1:3", "--seed=5");
    expect(files()).toEqual(once);
    await d("checkout", "d", "--version=1", "--sample-type=group", "--sampling=1:4");
    there(3);
    expect((await d("status", "d")).stdout).toContain("9 files are left out");
  }, 240_000);

  it("refuses samples that cannot be, before anything is changed", async () => {
    const before = files();
    for (const [type, sampling, words] of [
      ["group", "4:4", "smaller than the group size"],
      ["random", "1:99", "number of files"],
      ["range", "5:2", "smaller than the stop"],
      ["range", "0:all:99", "step"],
      ["group", "x", "no group sample"],
    ] as const)
      expect(
        await project.fails(2, "mlgit", "datasets", "checkout", "d", `--sample-type=${type}`, `--sampling=${sampling}`),
      ).toContain(words);
    expect(files()).toEqual(before);
    await project.fails(2, "mlgit", "labels", "checkout", "d", "--sample-type=group");
  }, 240_000);

  it("checks out bare, and a next version made of that keeps all files", async () => {
    await d("checkout", "d", "--bare");
    there(0);
    project.write(`${folder}/data/f99`, "added without the others");
    await d("add", "d", "--bumpversion");
    await d("commit", "d");
    expect(await json("diff", "d", "2", "3")).toMatchObject({ added: ["data/f99"], updated: [], deleted: [] });
    expect(project.read(`${folder}/d.spec`)).toContain("amount: 14");
    // A new file where one was left out is seen: flexible says no to it.
    project.write(`${folder}/data/f11`, "other bytes");
    expect(await status()).toContain(`${folder}/data/f11`);
    expect(await json("status", "d")).toMatchObject({ corrupted: ["data/f11"], unpublished: 1 });
    await d("checkout", "d", "--force");
    there(14);
    expect(project.read(`${folder}/data/f11`)).toBe("file 11");
    expect(await status()).toBe("?? note\n");
  }, 240_000);

  it("resets what is staged, and the last commit with its version unless others have it", async () => {
    project.write(`${folder}/data/f23`, "to be undone");
    await d("add", "d");
    await d("reset", "d");
    expect(await status()).toContain(`?? ${folder}/data/f23`);
    await d("add", "d", "--bumpversion");
    await d("commit", "d");
    await d("reset", "d", "--soft", "--reference=head~1");
    expect(await project.tags()).not.toContain("c__d__4");
    expect(await status()).toContain(`A  ${folder}/data/f23`);
    await d("commit", "d");
    await d("reset", "d", "--hard", "HEAD~1");
    expect(existsSync(`${project.cwd}/${folder}/data/f23`)).toBe(false);
    there(14);
    await d("push", "d");
    expect(await project.fails(11, "mlgit", "datasets", "reset", "d", "--hard", "HEAD~1")).toContain("published");
  }, 240_000);

  it("gets one file, in a project and outside of any", async () => {
    const elsewhere = project.box.write("elsewhere/x", "").slice(0, -2);
    const url = project.box.path("a.git");
    const args = ["datasets", "get", "d", "data/f10", "--version=1", `--config-repository=${url}`];
    await project.box.mlgit(args, { cwd: elsewhere });
    expect(project.box.read("elsewhere/f10").toString()).toBe("file 10");
    await project.box.mlgit(args, { cwd: elsewhere, code: 10 });
    await d("get", "d", "d.spec");
    expect(project.read("d.spec")).toContain("version: 3");
    await project.fails(2, "mlgit", "datasets", "get", "d", "data/nosuch");
    expect(readdirSync(elsewhere).sort()).toEqual(["f10", "x"]);
  }, 240_000);

  it("finds corrupted files that git's own look cannot see, and mends them", async () => {
    const file = `${project.cwd}/${folder}/data/f12`;
    chmodSync(file, 0o644);
    writeFileSync(file, "rotten!");
    const found = await project.box.mlgit(["datasets", "fsck", "--json"], { cwd: project.cwd, code: "any" });
    expect(JSON.parse(found.stdout).workspace).toMatchObject({ corrupted: [`${folder}/data/f12`], fixed: 0 });
    expect((await d("fsck", "--fix-workspace")).stdout).not.toContain("Everything is right");
    expect((await d("fsck")).stdout).toContain("Everything is right");
    expect(project.read(`${folder}/data/f12`)).toBe("file 12");
    expect(await json("fsck", "--full")).toMatchObject({ workspace: { corrupted: [] } });
  }, 240_000);

  it("sends again what the store lost", async () => {
    expect(await json("remote-fsck", "d", "--paranoid")).toMatchObject({ verified: 14, fixed: [], unfixed: [] });
    await project.box.run("sh", ["-c", `rm -rf ${project.box.path("a.git/mlgit/packs")}/*`]);
    const again = await json("remote-fsck", "d", "--thorough", "--full");
    expect(again.fixed.length).toBeGreaterThan(0);
    expect(again.unfixed).toEqual([]);
    expect(await json("remote-fsck", "d", "--paranoid")).toMatchObject({ fixed: [], unfixed: [] });
    expect(await json("fetch", "d", "--sample-type=range", "--sampling=0:all")).toMatchObject({
      files: 14,
      failed: [],
    });
  }, 240_000);
});
