import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { EntityProject } from "../helper/entity-project.ts";

const spec = "datasets/d/d.spec";

describe("git mlgit merge-spec", () => {
  const project = new EntityProject();
  const files = async () =>
    (await project.git("ls-files", "datasets/d/data")).stdout
      .trim()
      .split("\n")
      .map((path) => path.slice(16));
  const status = async () => (await project.git("status", "--porcelain")).stdout;

  /** A branch off main that adds files and makes a version of them. */
  const branch = async (name: string, added: Readonly<Record<string, string>>) => {
    await project.git("switch", "-q", "-c", name, "main");
    for (const [path, text] of Object.entries(added)) project.write(`datasets/d/data/${path}`, text);
    await project.mlgit("datasets", "add", "d");
    await project.mlgit("datasets", "commit", "d");
  };

  beforeAll(async () => {
    await project.start();
    await project.mlgit("datasets", "create", "d", "--categories=c", "--mutability=mutable");
    project.write("datasets/d/data/a", "a");
    await project.mlgit("datasets", "add", "d");
    await project.mlgit("datasets", "commit", "d");
    await branch("two", { b: "b" });
    await branch("three", { c: "c", d: "d" });
  }, 240_000);
  afterAll(() => project.remove());

  it("lets git merge branches that each made a version, whichever is merged into which", async () => {
    for (const [ours, theirs] of [
      ["two", "three"],
      ["three", "two"],
    ] as const) {
      await project.git("switch", "-q", "-c", `${ours}-${theirs}`, ours);
      const { stderr } = await project.git("merge", "-q", "-m", "merged", theirs);
      expect(stderr).not.toContain("taken");
      expect(await files()).toEqual(["a", "b", "c", "d"]);
      expect(project.read(spec)).toContain("  version: 3\n  manifest:\n    amount: 3\n    size: 3 B\n");
      expect(project.read("datasets/d/data/b") + project.read("datasets/d/data/d")).toBe("bd");
      expect(await status()).toBe("");
    }
    expect(await project.tags()).toEqual(["c__d__1", "c__d__2", "c__d__3"]);
  }, 240_000);

  it("makes the merged state a version when it is told to", async () => {
    await project.mlgit("datasets", "add", "d", "--bumpversion");
    await project.mlgit("datasets", "commit", "d");
    expect(project.read(spec)).toContain("  version: 4\n  manifest:\n    amount: 4\n    size: 4 B\n");
    expect(await project.commitOf("c__d__4")).toBe(await project.commitOf("HEAD"));
    const { stdout } = await project.mlgit("verify", "main..HEAD", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ ok: true });
  }, 240_000);

  it("serves rebase and cherry-pick", async () => {
    await project.git("switch", "-q", "-c", "picked", "three");
    await project.git("cherry-pick", "two");
    expect(await files()).toEqual(["a", "b", "c", "d"]);
    expect(project.read(spec)).toContain("version: 3\n");
    await project.git("switch", "-q", "-c", "rebased", "three");
    await project.git("rebase", "-q", "two");
    expect(await files()).toEqual(["a", "b", "c", "d"]);
    expect(project.read(spec)).toContain("version: 3\n");
    expect(project.read("datasets/d/data/d")).toBe("d");
    expect(await status()).toBe("");
  }, 240_000);

  it("leaves to people what people wrote", async () => {
    for (const [name, category] of [
      ["mine", "cats"],
      ["other", "dogs"],
    ] as const) {
      await project.git("switch", "-q", "-c", name, "main");
      project.write(spec, project.read(spec).replace("- c\n", `- c\n    - ${category}\n`));
      await project.commit(name);
    }
    const failed = await project.box.git(["merge", "mine"], { cwd: project.cwd, code: 1 });
    expect(failed.stdout).toContain("Merge conflict in datasets/d/d.spec");
    expect(project.read(spec)).toContain("<<<<<<< ours\n    - dogs\n=======\n    - cats\n>>>>>>> theirs\n");
    await project.git("merge", "--abort");
  }, 240_000);

  it("leaves two versions of one file to choose from, each with its bytes", async () => {
    for (const name of ["left", "right"]) {
      await project.git("switch", "-q", "-c", name, "main");
      project.write("datasets/d/data/a", name);
      await project.commit(name);
    }
    for (const [command, ours, theirs] of [
      [["merge", "left"], "right", "left"],
      [["cherry-pick", "left"], "right", "left"],
      // To rebase, the other branch is `ours`.
      [["rebase", "left"], "left", "right"],
    ] as const) {
      const failed = await project.box.git([...command], { cwd: project.cwd, code: 1 });
      expect(failed.stdout).toContain("CONFLICT (content): Merge conflict in datasets/d/data/a");
      expect(await status()).toBe("UU datasets/d/data/a\n");
      expect(project.read("datasets/d/data/a")).toBe(ours);
      await project.git("checkout", "--theirs", "datasets/d/data/a");
      expect(project.read("datasets/d/data/a")).toBe(theirs);
      await project.git("checkout", "--ours", "datasets/d/data/a");
      expect(project.read("datasets/d/data/a")).toBe(ours);
      await project.git(command[0], "--abort");
      expect(await status()).toBe("");
    }
    await project.box.git(["merge", "left"], { cwd: project.cwd, code: 1 });
    await project.git("checkout", "--theirs", "datasets/d/data/a");
    await project.commit("merged");
    expect(project.read("datasets/d/data/a")).toBe("left");
    expect(await status()).toBe("");
  }, 240_000);

  it("is brought to entities of earlier versions by a line that doctor prints", async () => {
    await project.git("switch", "-q", "main");
    const attributes = "datasets/d/.gitattributes";
    project.write(attributes, project.read(attributes).replace("merge=mlgit-spec", "!merge"));
    await project.commit("as an earlier version made it");
    await branch("old-one", { x1: "1" });
    await branch("old-two", { x2: "2" });
    await project.box.git(["merge", "old-one"], { cwd: project.cwd, code: 1 });
    await project.git("merge", "--abort");
    const finding = async () => {
      const { stdout } = await project.box.mlgit(["doctor", "--json"], { cwd: project.cwd, code: "any" });
      return JSON.parse(stdout).findings.find(({ check }: { check: string }) => check === "merge");
    };
    const { state, fix } = await finding();
    expect(state).toBe("note");
    await project.box.run("sh", ["-c", fix], { cwd: project.cwd });
    expect(await finding()).toMatchObject({ state: "ok" });
    await project.commit("merge specs");
    await project.git("merge", "-q", "-m", "merged", "old-one");
    expect(await files()).toEqual(["a", "x1", "x2"]);
  }, 240_000);

  it("needs its files", async () => {
    expect(await project.fails(2, "mlgit", "merge-spec", "a", "b")).toContain("three files");
  });
});
