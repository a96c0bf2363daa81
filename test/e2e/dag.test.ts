import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { createPipelineProject, type PipelineProject } from "../helper/pipeline-project.ts";

jest.setTimeout(120_000);

describe("git mlgit dag", () => {
  let project: PipelineProject;
  beforeAll(async () => {
    project = await createPipelineProject();
    project.write(
      "mlgit.yaml",
      `stages:
  prep: {cmd: x, deps: [raw], outs: [p]}
  train: {cmd: x, deps: [p], outs: [t]}
  eval: {cmd: x, deps: [t, p], outs: [e]}
  alone: {cmd: x}
`,
    );
  });
  afterAll(() => project.box.remove());
  const dag = async (...args: string[]) => (await project.mlgit(["dag", ...args])).stdout;

  it("draws makers above users, with every stage and every line", async () => {
    const lines = (await dag()).split("\n");
    const row = (name: string) => lines.findIndex((line) => line.includes(`│ ${name} │`));
    for (const name of ["prep", "train", "eval", "alone"]) expect(row(name)).toBeGreaterThanOrEqual(0);
    expect(row("prep")).toBeLessThan(row("train"));
    expect(row("train")).toBeLessThan(row("eval"));
    // The two lines to `eval` join above it.
    expect(lines.join("").match(/▼/g)).toHaveLength(2);
  });

  it("prints Mermaid and Graphviz, and what is named with all it needs", async () => {
    expect(await dag("--mermaid", "train")).toBe('flowchart TD\n  s0["prep"]\n  s1["train"]\n  s0 --> s1\n');
    expect(await dag("--dot", "t")).toContain('  "prep" -> "train";\n}');
    expect(await dag("--mermaid", "--downstream", "train")).toContain('["eval"]');
  });

  it("has the same for programs", async () => {
    const { stages, edges } = JSON.parse(await dag("--json", "eval"));
    expect(stages.map(({ name }: { name: string }) => name)).toEqual(["prep", "train", "eval"]);
    expect(stages[0]).toMatchObject({ deps: ["raw"], outs: ["p"] });
    expect(edges).toHaveLength(3);
  });

  it("names what is wrong, and needs a worktree", async () => {
    expect((await project.mlgit(["dag", "nothing"], { code: "any" })).stderr).toContain("nothing");
    project.write("mlgit.yaml", "stages:\n  a: {cmd: x, deps: [b], outs: [a]}\n  b: {cmd: x, deps: [a], outs: [b]}\n");
    const cycle = await project.mlgit(["dag"], { code: "any" });
    expect(cycle.code).not.toBe(0);
    expect(cycle.stderr).toMatch(/a.*b/s);
    const bare = { cwd: project.box.path("origin.git"), code: 3 } as const;
    expect((await project.mlgit(["dag"], bare)).stderr).toContain("bare");
  });
});
