import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import type { RunRecord } from "../../src/lineage/run-record.ts";
import { counted, createPipelineProject, type PipelineProject } from "../helper/pipeline-project.ts";

jest.setTimeout(180_000);

let project: PipelineProject;
afterEach(() => project?.box.remove());

async function records(): Promise<RunRecord[]> {
  const names = (await project.git("ls-tree", "-r", "--name-only", "refs/mlgit/runs")).stdout.split("\n");
  const runs = names.filter((name) => /^[0-9a-f]{2}\/[0-9a-f]{62}\.json$/.test(name));
  const texts = await Promise.all(runs.map((name) => project.git("cat-file", "-p", `refs/mlgit/runs:${name}`)));
  return texts.map(({ stdout }) => JSON.parse(stdout)).sort((a, b) => a.t[1] - b.t[1]);
}

describe("git mlgit run", () => {
  it("writes the stage, tracks and stages the outputs, and records the run", async () => {
    project = await createPipelineProject();
    project.write("raw.csv", "3\n1\n2\n");
    project.write("params.yaml", "lr: 0.5\nnet: {depth: 3}\n");
    project.write("lock.txt", "numpy==1\n");
    project.write("mlgit.yaml", "# ours\nstages:\n  # first\n  old: {cmd: 'true', frozen: true}\n");
    const line = counted(
      "prep",
      'sort raw.csv > sorted.bin; mkdir -p many/a; cp raw.csv many/a/x; : > many/empty; chmod +x many/a/x; echo said; echo \'{"acc": 0.9, "n": {"f1": 1}}\' > m.json; echo t > tmp.log',
    );
    const options = [
      "-d",
      "raw.csv",
      "-o",
      "sorted.bin",
      "-o",
      "many",
      "-O",
      "tmp.log",
      "-m",
      "m.json",
      "-p",
      "lr,net.depth",
    ];
    const result = await project.mlgit([
      "run",
      "-n",
      "prep",
      ...options,
      "--env",
      "lock.txt",
      "--kind",
      "prepare",
      "--",
      line,
    ]);
    expect(result.stdout).toBe("1 run\n");
    expect(result.stderr).toContain("said");
    expect(project.read("mlgit.yaml").toString()).toContain(
      "# ours\nstages:\n  # first\n  old: {cmd: 'true', frozen: true}\n  prep:\n    cmd: ",
    );
    expect((await project.git("show", ":sorted.bin")).stdout).toContain("version mlgit/1");
    expect((await project.git("ls-files", "-s", "many")).stdout).toMatch(
      /^100755 .*many\/a\/x\n100644 .*many\/empty\n$/,
    );
    expect((await project.git("show", ":m.json")).stdout).toContain("0.9");
    expect((await project.git("show", ":mlgit.yaml")).stdout).toContain("prep:");
    expect((await project.git("status", "--porcelain", "--", "sorted.bin", "many", "m.json")).stdout).toBe(
      "A  m.json\nA  many/a/x\nA  many/empty\nA  sorted.bin\n",
    );
    const [record] = await records();
    expect(record).toMatchObject({
      stage: "prep",
      kind: "prepare",
      state: "complete",
      params: { lr: 0.5, "net.depth": 3 },
      metrics: { acc: 0.9, "n.f1": 1 },
      exit: 0,
      actor: "A U Thor <author@example.com>",
      in: [{ path: "raw.csv" }, { path: "lock.txt", role: "env" }],
      out: [
        { path: "sorted.bin", mode: "100644", size: 6 },
        { path: "many", mode: "040000", size: 6 },
        { path: "tmp.log", kept: false },
        { path: "m.json", role: "metrics" },
      ],
    });
    const log = await project.git(
      "cat-file",
      "-p",
      `refs/mlgit/runs:blobs/${record?.log?.slice(7, 9)}/${record?.log?.slice(9)}`,
    );
    expect(log.stdout).toBe("said\n");
    await project.commit("one");
    expect(await project.repro()).toEqual({ old: "frozen", prep: "fresh" });
    expect(project.ran("prep")).toBe(1);
  });

  it("keeps the old outputs, mlgit.yaml and the index when the command fails, and records that", async () => {
    project = await createPipelineProject();
    project.write("data/out", "precious, by hand");
    const before = statSync(join(project.work, "data/out")).ino;
    const failed = await project.mlgit(
      ["run", "-n", "a", "-o", "data/out", "--", "echo half > data/out; echo why >&2; exit 3"],
      { code: 1 },
    );
    expect(failed.stderr).toContain("stage a: its command failed (exit 3); what it had written is in ");
    expect(project.read("data/out").toString()).toBe("precious, by hand");
    expect(statSync(join(project.work, "data/out")).ino).toBe(before);
    expect(project.read(".git/mlgit-pipeline/failed/a/data/out").toString()).toBe("half\n");
    expect(existsSync(join(project.work, "mlgit.yaml"))).toBe(false);
    expect((await project.mlgit(["run", "-n", "a", "-o", "data/out", "--", "true"], { code: 1 })).stderr).toContain(
      "its command ended well and did not make data/out",
    );
    expect((await project.mlgit(["run", "-n", "a", "--", "no-such-program-here", "x"], { code: 1 })).stderr).toContain(
      "no-such-program-here",
    );
    expect((await records()).map(({ state, exit }) => [state, exit])).toEqual([
      ["failed", 3],
      ["failed", 0],
      ["failed", 127],
    ]);
    const good = await project.mlgit(["run", "-n", "a", "-o", "data/out", "--", "echo new > data/out"]);
    expect(good.stderr).toMatch(
      /the former content of data\/out \(sha256:[0-9a-f]{64}\) was in no cache and is kept there now/,
    );
    expect(readdirSync(join(project.work, ".git/mlgit-pipeline/running"))).toEqual([]);
    expect(project.read("data/out").toString()).toBe("new\n");
  });

  it("takes paths from the folder it is started in and says what cannot be", async () => {
    project = await createPipelineProject();
    mkdirSync(join(project.work, "sub"));
    project.write("sub/in", "x");
    const cwd = join(project.work, "sub");
    await project.mlgit(
      ["run", "-d", "in", "-d", "../.gitattributes", "-o", "../data/o", "--", "cp", "in", "../data/o"],
      { cwd },
    );
    expect(project.read("mlgit.yaml").toString()).toBe(
      "stages:\n  cp:\n    cmd: cp in ../data/o\n    wdir: sub\n    deps: [sub/in, .gitattributes]\n    outs: [data/o]\n",
    );
    const complaint = async (...args: string[]) => (await project.mlgit(["run", ...args], { cwd, code: "any" })).stderr;
    expect(await complaint("-o", "../../up", "--", "true")).toContain("no path inside the repository");
    expect(await complaint("-n", "two", "-o", "../data", "--", "true")).toContain(
      "data/o lies inside data, an output of stage two",
    );
    expect(await complaint("-n", "two", "-d", "gone", "--", "true")).toContain(
      "stage two: its input sub/gone is not there",
    );
    expect(await complaint("-n", "two", "-p", "../params.yaml:lr", "--", "true")).toContain(
      "there is no parameter file params.yaml",
    );
    expect(await complaint("-n", "a b", "--", "true")).toContain("cannot be the name of a stage");
    expect(await complaint("-n", "two")).toContain("there is no command to run");
    expect(await complaint("--", "cp", "x", "y")).toContain("there is a stage cp with another command");
  });
});
