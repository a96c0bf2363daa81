import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { EntityProject } from "../helper/entity-project.ts";

const refused = 11;
const conflict = 10;

describe("entities of one name", () => {
  const project = new EntityProject();
  const create = (kind: string, categories: string) =>
    project.mlgit(kind, "create", "net", `--categories=${categories}`, "--mutability=strict");
  const json = async (...args: string[]) => JSON.parse((await project.mlgit(...args, "--json")).stdout);
  const tagsOf = async (kind: string) => (await project.mlgit(kind, "tag", "list", "net")).stdout.split("\n");
  const raise = async (kind: string) => {
    await project.mlgit(kind, "add", "net", "--bumpversion");
    await project.mlgit(kind, "commit", "net");
  };
  const clean = async () => {
    await project.git("reset", "-q", "--hard");
    await project.git("clean", "-qffdx");
  };
  afterAll(() => project.remove());

  beforeAll(async () => {
    await project.start();
    await create("models", "nets");
    project.write("models/net/data/w", "weights");
    await project.commit("a model");
    for (const text of ["2", "3"]) {
      project.write(`models/net/data/w${text}`, text);
      await raise("models");
    }
    await create("datasets", "images");
    project.write("datasets/net/data/x", "one");
    await project.commit("a dataset");
    project.write("models/net/data/w4", "4");
    await raise("models");
  }, 120_000);

  it("have versions of their own where they are of different kinds and categories", async () => {
    expect(await project.tags()).toEqual([
      "images__net__1",
      "nets__net__1",
      "nets__net__2",
      "nets__net__3",
      "nets__net__4",
    ]);
    expect((await tagsOf("datasets")).filter(Boolean)).toEqual(["images__net__1"]);
    project.write("datasets/net/data/y", "two");
    await raise("datasets");
    expect((await tagsOf("datasets")).filter(Boolean)).toEqual(["images__net__1", "images__net__2"]);
    expect((await tagsOf("models")).filter(Boolean)).toHaveLength(4);
    await project.fails(2, "mlgit", "datasets", "checkout", "net", "--version=3");
    await project.mlgit("datasets", "checkout", "net", "--version=1");
    expect(await json("datasets", "branch", "net")).toMatchObject({ tag: "images__net__1" });
    await clean();
  }, 120_000);

  it("are imported from elsewhere by their own versions", async () => {
    await project.git("push", "-q", "-u", "origin", "main");
    const bare = { cwd: project.box.path("a.git") };
    expect(JSON.parse((await project.box.mlgit(["datasets", "list", "--json"], bare)).stdout)).toMatchObject([
      { folder: "datasets/net" },
    ]);
    const there = await project.box.init("other");
    await project.box.mlgit(["init", "-q"], { cwd: there });
    const said = await project.box.mlgit(["import", project.box.path("a.git"), "datasets/net", "--json"], {
      cwd: there,
    });
    expect(JSON.parse(said.stdout)).toMatchObject({ tag: "images__net__2", version: 2 });
    const twin = ["labels", "create", "net", "--categories=nets", "--mutability=strict"];
    await project.box.mlgit(twin, { cwd: there });
    const model = [project.box.path("a.git"), "models/net"];
    await project.box.mlgit(["import", ...model], { cwd: there, code: conflict });
    await project.box.mlgit(["import", ...model, "--as", "other"], { cwd: there });
  }, 120_000);

  it("are not made where their versions would have the tags of another's", async () => {
    const said = await project.fails(
      conflict,
      "mlgit",
      "labels",
      "create",
      "net",
      "--categories=nets",
      "--mutability=strict",
    );
    expect(said).toContain("labels/net and models/net would have the same version tags, nets__net__<n>");
    await project.git("rm", "-rq", "models/net");
    await project.fails(conflict, "mlgit", "labels", "create", "net", "--categories=nets", "--mutability=strict");
    await clean();
  }, 120_000);

  it("are refused by the commit that would bring the second, by hand or by moving", async () => {
    await create("labels", "marks");
    project.write("labels/net/net.spec", project.read("labels/net/net.spec").replace("marks", "nets"));
    await project.git("add", "-A");
    expect(await project.fails(1, "git", "commit", "-qm", "labels")).toMatch(
      /labels\/net\/net\.spec: its versions would have the tags of those of models\/net: nets__net__<n>[\s\S]*hint: give one of them another name/,
    );
    await clean();
    project.write("models/old/net/net.spec", project.read("models/net/net.spec").replace("nets", "old"));
    await project.git("add", "-A");
    expect(await project.fails(1, "git", "commit", "-qm", "copy")).toContain("models/net is a model called net, too");
    await clean();
  }, 120_000);

  it("are found by verify and at push where a commit brought them past the hook, and get no tag", async () => {
    project.write("models/old/net/net.spec", project.read("models/net/net.spec").replace("nets", "old"));
    await project.git("add", "-A");
    await project.git("commit", "-qnm", "copy");
    const verified = await project.box.mlgit(["verify", "--json"], { cwd: project.cwd, code: refused });
    expect(JSON.parse(verified.stdout).breaches).toMatchObject([{ rule: "twin", path: "models/old/net/net.spec" }]);
    expect(await project.fails(1, "git", "push", "-q")).toContain("models/net is a model called net, too");
    expect(await project.tags()).not.toContain("old__net__4");
  }, 120_000);
});
