import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { OriginProject } from "../helper/origin-project.ts";

jest.setTimeout(240_000);

describe("registries", () => {
  const project = new OriginProject();
  const registry = project.box.path("registry.git");
  const spec = "datasets/birds/birds.spec";
  const push = (name: string, entity: string) =>
    project.box.mlgit(["datasets", "push", entity], { cwd: project.box.path(name), code: "any" });

  /** A clone of the project that knows the registry. */
  async function clone(name: string): Promise<void> {
    await project.box.git(["clone", "-q", project.box.path("ann.git"), project.box.path(name)]);
    await project.mlgit(name, "datasets", "init", "-q");
  }

  beforeAll(async () => {
    await project.start();
    await project.box.git(["init", "-q", "--bare", registry]);
    await project.repository("ann");
    await project.mlgit("ann", "repository", "remote", "datasets", "add", registry, "-q");
    await project.create("ann", ["datasets", "birds"], { "data/a": "a1" });
    await project.push("ann");
    await project.mlgit("ann", "datasets", "push", "birds", "-q");
    await clone("ben");
    await clone("cho");
  });
  afterAll(() => project.remove());

  it("have each version as a commit of their own, with the same tree, and are all that a reader needs", async () => {
    const tree = async (repository: string, name: string) =>
      (await project.box.git(["rev-parse", name], { cwd: project.box.path(repository) })).stdout;
    expect(await tree("registry.git", "cv__birds__1:datasets/birds")).toBe(await tree("ann", "HEAD:datasets/birds"));
    expect(await tree("registry.git", "cv__birds__1^{commit}")).not.toBe(await tree("ann", "HEAD"));
    expect(await project.json("ann", "datasets", "push", "birds")).toEqual({
      remote: "datasets",
      published: [],
      present: 1,
    });
    await project.box.git(["clone", "-q", registry, project.box.path("reader")]);
    expect(project.read("reader", "datasets/birds/data/a")).toBe("a1");
  });

  it("take from people who publish at once what each of them has", async () => {
    for (const name of ["ann", "ben", "cho"])
      await project.create(name, ["datasets", `of-${name}`], { "data/x": `x of ${name}` });
    const results = await Promise.all(["ann", "ben", "cho"].map((name) => push(name, `of-${name}`)));
    expect(results.map(({ code, stderr }) => [code, stderr])).toEqual(
      [0, 0, 0].map((code) => [code, expect.anything()]),
    );
    await project.mlgit("ann", "repository", "update");
    expect((await project.mlgit("ann", "datasets", "list")).stdout.split("\n").sort()).toEqual([
      "",
      "ML dataset",
      "|-- birds",
      "|-- of-ann",
      "|-- of-ben",
      "|-- of-cho",
    ]);
    await project.mlgit("ann", "datasets", "checkout", "of-cho");
    expect(project.read("ann", "datasets/of-cho/data/x")).toBe("x of cho");
    await project.git("ann", "reset", "-q", "--hard");
  });

  it("give a number to one of two who take it at once; the other renumbers, and both are published", async () => {
    await project.version("ann", spec, 2, { "data/ann": "ann's" });
    await project.version("ben", spec, 2, { "data/ben": "ben's" });
    const results = await Promise.all([push("ann", "birds"), push("ben", "birds")]);
    expect(results.map(({ code }) => code).sort()).toEqual([0, 10]);
    const [winner, loser] = results[0]?.code === 0 ? ["ann", "ben"] : ["ben", "ann"];
    const said = results.find(({ code }) => code === 10)?.stderr;
    expect(said).toContain("version 2 of birds is taken");
    expect(said).toContain("git mlgit datasets renumber birds, then git mlgit datasets push birds");
    const report = await project.json(loser ?? "", "datasets", "renumber", "birds");
    expect(report).toEqual({ renumbered: true, from: 2, version: 3, released: ["cv__birds__2"] });
    expect(await project.json(loser ?? "", "datasets", "renumber", "birds")).toMatchObject({ renumbered: false });
    expect(await project.json(loser ?? "", "datasets", "push", "birds")).toMatchObject({ published: ["cv__birds__3"] });
    await project.git("reader", "pull", "-q");
    expect(project.read("reader", `datasets/birds/data/${loser}`)).toBe(`${loser}'s`);
    await project.mlgit("cho", "datasets", "update");
    await project.mlgit("cho", "datasets", "checkout", "birds", "--version=2");
    expect(project.read("cho", `datasets/birds/data/${winner}`)).toBe(`${winner}'s`);
    await project.git("cho", "reset", "-q", "--hard");
    expect(await project.status(loser ?? "")).toBe("");
  });

  it("do not take two entities for one because of their name", async () => {
    await project.repository("dan");
    await project.mlgit("dan", "repository", "remote", "datasets", "add", registry, "-q");
    await project.create("dan", ["datasets", "birds"], { "data/other": "others" });
    const { code, stderr } = await push("dan", "birds");
    expect(code).toBe(10);
    expect(stderr).toMatch(
      /datasets has another dataset called birds: cv__birds__\d \(.+, \d{4}-\d\d-\d\d\) shares no version/,
    );
  });

  it("renumbers where the project is its own registry, too", async () => {
    await project.create("dan", ["models", "net"], { "data/w": "1" });
    await project.push("dan");
    await project.box.git(["clone", "-q", project.box.path("dan.git"), project.box.path("eve")]);
    await project.mlgit("eve", "init", "-q");
    for (const name of ["dan", "eve"])
      await project.version(name, "models/net/net.spec", 2, { [`data/${name}`]: name });
    await project.push("dan");
    expect(await project.json("eve", "models", "renumber", "net")).toMatchObject({ from: 2, version: 3 });
    await project.git("eve", "push", "-q", "--follow-tags", "origin", "HEAD:refs/heads/eve");
    expect((await project.git("dan", "ls-remote", "origin", "refs/tags/cv__net__*")).stdout.match(/__\d$/gm)).toEqual([
      "__1",
      "__2",
      "__3",
    ]);
  });
});
