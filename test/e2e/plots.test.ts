import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { createPipelineProject, type PipelineProject } from "../helper/pipeline-project.ts";

jest.setTimeout(240_000);

interface Drawn {
  readonly output: string;
  readonly charts: readonly {
    readonly title: string;
    readonly across: string;
    readonly points: readonly { readonly version: string; readonly x: number; readonly y: number }[];
  }[];
}

const hostile = "<script>alert(1)</script>&\"'";

describe("git mlgit plots", () => {
  let project: PipelineProject;
  const shorts: string[] = [];
  afterAll(() => project.box.remove());
  beforeAll(async () => {
    project = await createPipelineProject();
    project.write("mlgit.yaml", "stages:\n  train: {cmd: x, metrics: [m.json]}\n");
    for (const [i, acc] of [0.5, 0.75].entries()) {
      project.write("m.json", JSON.stringify({ acc, note: "text", n: { auc: acc + 0.1 }, [hostile]: i }));
      project.write(
        "data/loss.csv",
        `epoch,loss,${i === 0 ? "name" : "lr"}\n1,${1 - acc},0.1\n2,${(1 - acc) / 2},0.1\n`,
      );
      await project.commit(`commit ${i}`);
      shorts.push((await project.git("rev-parse", "--short", "HEAD")).stdout.trim());
    }
    project.write("other.txt", "changes no metric");
    await project.commit("other");
    project.write("m.json", '{"acc": 0.875}');
  });
  const plots = async (...args: string[]) => (await project.json(["plots", ...args])) as Drawn;

  it("draws each metric over the commits that changed it and the worktree, in a page without scripts or references", async () => {
    const { charts } = await plots();
    expect(charts.map(({ title }) => title)).toEqual(["acc", "n.auc", hostile]);
    expect(charts[0]?.points).toEqual([
      { version: shorts[0], x: 0, y: 0.5 },
      { version: shorts[1], x: 1, y: 0.75 },
      { version: "worktree", x: 2, y: 0.875 },
    ]);
    const page = project.read("plots.html").toString("utf8");
    expect(page).toContain("default-src 'none'");
    expect(
      page.match(/<path aria-label="version: [^"]*; acc: [^"]*" role="graphics-symbol" aria-roledescription="point"/g),
    ).toHaveLength(3);
    expect(page).not.toMatch(/<script|(href|src)=["']?(https?:)?\/\//);
    expect(page).toContain("<td>acc</td><td>worktree</td><td></td><td>0.875</td>");
  });

  it("draws the rows of a tracked file, a curve for each version", async () => {
    const { charts } = await plots("--curves", "data/loss.csv", "-o", "loss.svg", "HEAD~2", "HEAD");
    expect(charts.map(({ title, across }) => [title, across])).toEqual([
      ["loss", "epoch"],
      ["name", "epoch"],
      ["lr", "epoch"],
    ]);
    expect(charts[0]?.points).toEqual([
      { version: "HEAD~2", x: 1, y: 0.5 },
      { version: "HEAD~2", x: 2, y: 0.25 },
      { version: "HEAD", x: 1, y: 0.25 },
      { version: "HEAD", x: 2, y: 0.125 },
    ]);
    expect(project.read("loss.svg").toString("utf8")).toMatch(/^<svg [\s\S]*<\/svg>$/);
    const { charts: one } = await plots("--curves", "data/loss.csv", "-x", "loss", "-y", "epoch", "-o", "loss.svg");
    expect(one.map(({ title, across }) => [title, across])).toEqual([["epoch", "loss"]]);
  });

  it("draws all versions of a model from their specs", async () => {
    await project.mlgit(["models", "create", "churn", "--categories=c", "--mutability=mutable"]);
    for (const accuracy of [0.1, 0.2]) {
      project.write("models/churn/data/w", String(accuracy));
      await project.mlgit(["models", "add", "churn", "--bumpversion", "--metric", "accuracy", String(accuracy)]);
      await project.mlgit(["models", "commit", "churn"]);
    }
    const { charts } = await plots("churn");
    expect(charts[0]?.points.map(({ version, y }) => [version, y])).toEqual([
      ["churn@1", 0.1],
      ["churn@2", 0.2],
    ]);
  });

  it("writes over its own files only, and says what it lacks", async () => {
    const fails = async (code: number, ...args: string[]) => (await project.mlgit(["plots", ...args], { code })).stderr;
    project.write("mine.html", "<p>mine</p>");
    expect(await fails(11, "-o", "mine.html")).toContain("none of our plots");
    expect(project.read("mine.html").toString()).toBe("<p>mine</p>");
    await project.mlgit(["plots", "-o", "mine.html", "--force"]);
    expect(await fails(2, "-o", "plots.png")).toContain("must end in .html or .svg");
    expect(await fails(2, "--curves", "nothing.csv")).toContain("nothing.csv is in none of these versions");
    expect(await fails(2, "--curves", "data/loss.csv", "-y", "gain")).toContain("it has: epoch, loss");
    expect(await fails(2, "--metric", "nothing")).toContain("no number to draw");
  });
});
