import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { counted, createPipelineProject, type PipelineProject } from "../helper/pipeline-project.ts";

jest.setTimeout(240_000);

// biome-ignore lint/suspicious/noExplicitAny: each test checks the part it is about
type Answer = any;

const pipeline = `probes:
  - libs: ${counted("probe", "cat libs.txt")}
stages:
  train:
    cmd: cp raw.csv model.bin
    deps: [raw.csv]
    params: [lr]
    outs: [model.bin]
    probes:
      - broken: echo half; exit 3
      - absent: [no-such-program-anywhere]
      - large: head -c 3000000 /dev/zero
  slow:
    cmd: touch slow.txt
    outs-not-kept: [slow.txt]
    probes: [slow: sleep 600]
  app:
    cmd: touch made.txt
    wdir: app
    outs: [app/made.txt]
    probes: [npm, libs: echo other==1]
`;

describe("what a run was made with", () => {
  let project: PipelineProject;
  const json = (...args: string[]) => project.json(["lineage", ...args]) as Promise<Answer>;
  const lastRun = async (stage: string) => (await json("runs", stage))[0].id as string;
  const environment = async (stage: string) => (await json(await lastRun(stage))).run.environment;
  const blobs = async () => {
    const { stdout } = await project.git("ls-tree", "-r", "--name-only", "refs/mlgit/runs", "blobs/");
    return stdout.trim().split("\n").length;
  };

  beforeAll(async () => {
    project = await createPipelineProject();
    await project.git("config", "mlgit.probe", "own=echo mine: yes");
    project.write("raw.csv", "1\n");
    project.write("params.yaml", "lr: 1\n");
    project.write("libs.txt", "torch==1.0\nnumpy==2.0\nours @ git+https://me:hunter2@example.com/ours\n");
    project.write("app/package.json", '{"name": "app", "version": "1.0.0", "dependencies": {"dep": "1"}}');
    project.write("app/node_modules/dep/package.json", '{"name": "dep", "version": "1.2.3"}');
    project.write("mlgit.yaml", pipeline);
    await project.repro("train", "app");
  });
  afterAll(() => project.box.remove());

  it("records the machine and what probes printed, without credentials, and fails for none of them", async () => {
    const found = await environment("train");
    expect(found).toMatchObject({ arch: process.arch, mlgit: expect.any(String), host: expect.any(String) });
    expect(found.probes.libs).toEqual({
      torch: "1.0",
      numpy: "2.0",
      ours: "git+https://***@example.com/ours",
    });
    expect(found.probes).toMatchObject({
      own: { mine: "yes" },
      broken: { half: "", problem: "failed (exit 3)" },
      absent: { problem: "is not installed" },
      large: { problem: "prints more than 1 MiB" },
    });
    expect((await project.git("grep", "-c", "hunter2", "refs/mlgit/runs").catch(() => ({ stdout: "" }))).stdout).toBe(
      "",
    );
  });

  it("knows npm's tree by name and version; a stage's own probe takes the place of the file's", async () => {
    const { probes } = await environment("app");
    expect(probes.npm).toMatchObject({ dep: "1.2.3" });
    expect(probes.libs).toEqual({ other: "1" });
  });

  it("shows them to people, all of them where that is asked for", async () => {
    const id = await lastRun("train");
    const short = (await project.mlgit(["lineage", id])).stdout;
    expect(short).toMatch(/Probe: +libs: 3 entries, sha256:[0-9a-f]{64}/);
    expect(short).not.toContain("numpy");
    expect((await project.mlgit(["lineage", "--libraries", id])).stdout).toMatch(/Probe: +libs: numpy 2\.0\n/);
  });

  it("stores equal output once, and runs no probe where no command runs", async () => {
    expect(project.ran("probe")).toBe(1);
    await project.repro("train");
    await project.repro("-n", "-f", "train");
    await project.mlgit(["dag"]);
    expect(project.ran("probe")).toBe(1);
    const before = await blobs();
    project.write("params.yaml", "lr: 2\n");
    await project.repro("train");
    expect(project.ran("probe")).toBe(2);
    expect(await blobs()).toBe(before);
  });

  it("names the libraries that differ, to why and diff", async () => {
    const first = await lastRun("train");
    project.write("libs.txt", "torch==1.1\nnumpy==2.0\n");
    project.write("params.yaml", "lr: 3\n");
    await project.repro("train");
    const { differences } = await json("diff", first, await lastRun("train"));
    const libraries = differences.filter(({ what }: { what: string }) => what === "environment");
    expect(libraries).toEqual([
      { what: "environment", name: "libs ours", before: "git+https://***@example.com/ours" },
      { what: "environment", name: "libs torch", before: "1.0", after: "1.1" },
    ]);
    expect((await project.mlgit(["lineage", "why", "train"])).stdout).toContain(
      "environment libs torch:\n  - 1.0\n  + 1.1",
    );
  });

  it("gives a probe its time, and goes on without it", async () => {
    await project.git("config", "mlgit.probeTimeout", "1");
    expect(await project.repro("slow")).toEqual({ slow: "run" });
    expect((await environment("slow")).probes.slow).toEqual({ problem: "did not end within 1 s" });
    await project.git("config", "--unset", "mlgit.probeTimeout");
  });

  it("declares probes on the command line, and refuses what is none", async () => {
    await project.mlgit([
      "run",
      "-n",
      "one",
      "-O",
      "x.txt",
      "--probe",
      "os=cat libs.txt",
      "--probe",
      "python",
      "--",
      "echo > x.txt",
    ]);
    expect(project.read("mlgit.yaml").toString()).toContain("probes: [{os: cat libs.txt}, python]");
    expect((await environment("one")).probes.os).toEqual({ torch: "1.1", numpy: "2.0" });
    const wrong = await project.mlgit(["run", "-n", "two", "--probe", "nonsense", "--", "true"], { code: 2 });
    expect(wrong.stderr).toMatch(/nonsense.*hint: .*pip/s);
    project.write("mlgit.yaml", pipeline.replace("[npm, libs: echo other==1]", "[nonsense]"));
    expect((await project.mlgit(["dag"], { code: 3 })).stderr).toMatch(/mlgit\.yaml:\d+: stage app: probes\.0: .*pip/);
    project.write("mlgit.yaml", pipeline.replace(/^probes:\n.*\n/, "probes: [7]\n"));
    expect((await project.mlgit(["dag"], { code: 3 })).stderr).toMatch(/mlgit\.yaml:1: probes: /);
    await project.git("config", "mlgit.probe", "nonsense");
    project.write("mlgit.yaml", pipeline);
    expect((await project.mlgit(["repro", "-f", "app"], { code: 2 })).stderr).toContain("nonsense");
  });
});
