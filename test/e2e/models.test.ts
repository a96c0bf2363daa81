import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { EntityProject } from "../helper/entity-project.ts";

describe("git mlgit models", () => {
  const project = new EntityProject();
  beforeAll(() => project.start());
  afterAll(() => project.remove());

  it("makes models under their own folder and key, by both words", async () => {
    await project.mlgit("models", "create", "m", "--categories=cv", "--mutability=mutable", "--version=7");
    await project.mlgit("model", "create", "n", "--categories=cv", "--mutability=mutable");
    expect(project.read("models/m/m.spec")).toMatch(/^model:\n/);
    await project.commit("models");
    expect(await project.tags()).toEqual(["cv__m__7", "cv__n__1"]);
  }, 240_000);

  it("links labels and models to what is checked out, and brings the links back", async () => {
    for (const [kind, name] of [
      ["datasets", "d"],
      ["labels", "l"],
    ] as const) {
      await project.mlgit(kind, "create", name, "--categories=cv", "--mutability=mutable");
      project.write(`${kind}/${name}/data/x`, `${name}1`);
      await project.mlgit(kind, "add", name);
      await project.mlgit(kind, "commit", name);
    }
    project.write("models/m/data/w", "w");
    await project.mlgit("models", "add", "m", "--metric", "accuracy", "10", "--metric", "recall", "0.5");
    await project.mlgit("models", "commit", "m", "--dataset=d", "--labels=l");
    expect((await project.mlgit("models", "show", "m")).stdout).toContain("tag: cv__d__1");
    project.write("datasets/d/data/x", "d2");
    await project.mlgit("datasets", "add", "d");
    expect(await project.fails(10, "mlgit", "models", "commit", "m", "--dataset=d")).toContain(
      "no version that could be linked",
    );
    await project.mlgit("datasets", "commit", "d");
    await project.mlgit("models", "checkout", "m", "-d", "-l");
    expect(project.read("datasets/d/data/x")).toBe("d1");
  }, 240_000);

  it("compares metrics, from options and from a file", async () => {
    project.box.write("metrics.csv", "accuracy,recall\n9,0.75\n");
    await project.mlgit("models", "add", "m", "--bumpversion", `--metrics-file=${project.box.path("metrics.csv")}`);
    await project.mlgit("models", "commit", "m");
    const { stdout } = await project.mlgit("models", "metrics", "m", "--json", "--sort=accuracy");
    expect(JSON.parse(stdout)).toMatchObject([
      { tag: "cv__m__8", accuracy: 10, recall: 0.5, dataset: "cv__d__1", labels: "cv__l__1" },
      { tag: "cv__m__9", accuracy: 9, recall: 0.75 },
      { tag: "cv__m__7" },
    ]);
    expect((await project.mlgit("models", "metrics", "m", "--against=previous")).stdout).toMatch(
      /^tag +dataset +labels +accuracy +recall\ncv__m__9 +cv__d__1 +cv__l__1 +9 \(-1\) +0.75 \(\+0.25\) \*\ncv__m__8 +cv__d__1 +cv__l__1 +10 \* +0.5\ncv__m__7\n$/,
    );
    expect((await project.mlgit("models", "metrics", "m", "--sort=accuracy:asc", "--against=8", "--csv")).stdout).toBe(
      "tag,dataset,labels,accuracy,accuracy change,recall,recall change\ncv__m__9,cv__d__1,cv__l__1,9,-1,0.75,0.25\ncv__m__8,cv__d__1,cv__l__1,10,,0.5,\ncv__m__7,,,,,,\n",
    );
    expect(await project.fails(2, "mlgit", "models", "metrics", "m", "--sort=f1")).toContain("accuracy, recall");
    const to = `--export-path=${project.box.root}`;
    await project.mlgit("models", "metrics", "m", to);
    expect(JSON.parse(project.box.read("m-metrics.json").toString())).toHaveLength(3);
    await project.mlgit("models", "metrics", "m", to, "--export-type=dot");
    expect(project.box.read("m-metrics.dot").toString()).toContain("digraph");
    await project.fails(2, "mlgit", "models", "metrics", "m", "--export-type=csv");
    await project.mlgit("models", "metrics", "m", to, "--export-type=csv");
    expect(project.box.read("m-metrics.csv").toString()).toMatch(/^tag,dataset,labels,accuracy,recall\r\ncv__m__9,/);
    await project.fails(2, "mlgit", "models", "add", "m", "--metric", "accuracy", "high");
  }, 240_000);

  it("answers with tables on a terminal", async () => {
    const questions = ["metrics m", "log m --stat", "show m", "diff m 8 9"].map((one) => `git mlgit models ${one}`);
    const { stdout } = await project.box.run("script", ["-qec", questions.join(" && "), "/dev/null"], {
      cwd: project.cwd,
    });
    for (const part of [
      /│ cv__m__8 +│ cv__d__1 +│ cv__l__1 +│ 10 \*/,
      /│ cv\/m +│ accuracy=9, /,
      /│ metrics.recall +│ 0.75/,
    ])
      expect(stdout).toMatch(part);
    expect(stdout).toContain("the same files");
  }, 240_000);
});
