import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { createPipelineProject, type PipelineProject } from "../helper/pipeline-project.ts";
import { oidOf } from "../helper/pointer-of.ts";

jest.setTimeout(180_000);

/** The loose shape of what the commands print as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: each test checks the part it is about
type Answer = any;

interface Run {
  readonly id: string;
  readonly stage: string;
}

describe("git mlgit lineage", () => {
  let project: PipelineProject;
  const lineage = async (...args: string[]) => (await project.mlgit(["lineage", ...args])).stdout;
  const json = (...args: string[]) => project.json(["lineage", ...args]) as Promise<Answer>;
  const refused = async (code: number, ...args: string[]) =>
    (await project.mlgit(["lineage", ...args], { code })).stderr;
  const runsOf = async (stage: string) => (await json("runs", stage)) as Run[];

  beforeAll(async () => {
    project = await createPipelineProject();
    project.write("raw.csv", "3\n1\n2\n");
    project.write("params.yaml", "lr: 0.1\n");
    const prep = "mkdir -p data/set; sort raw.csv > data/set/clean.csv; head -1 raw.csv > data/set/head.csv";
    await project.mlgit(["run", "-n", "prep", "-d", "raw.csv", "-o", "data/set", "--", prep]);
    const train = 'sed s/1/one/ data/set/clean.csv > data/model.bin; echo "{\\"acc\\": 0.9}" > metrics.json';
    const options = ["-d", "data/set/clean.csv", "-p", "lr", "-o", "data/model.bin", "-m", "metrics.json"];
    await project.mlgit(["run", "-n", "train", ...options, "--", train]);
    await project.commit("one");
  });
  afterAll(() => project.box.remove());

  it("tells what a file was made from, through a folder that was made as a whole", async () => {
    const { up } = await json("--up", "data/model.bin");
    expect(up.runs.map(({ stage }: Run) => stage)).toEqual(["train", "prep"]);
    expect(up.runs[0]).toMatchObject({
      params: { lr: 0.1 },
      metrics: { acc: 0.9 },
      environment: { arch: process.arch },
    });
    expect(await lineage("data/model.bin")).toMatch(
      /^data\/model\.bin {2}sha256:.*\n└─ train {2}run .*lr=0\.1 {2}acc=0\.9\n {3}└─ data\/set\/clean\.csv .*\n {6}└─ prep .*\n {9}└─ raw\.csv /,
    );
    expect((await json("--depth", "1", "data/model.bin")).up.runs).toHaveLength(1);
  });

  it("tells what was made from a file, and names both directions and the same file in four ways", async () => {
    const { down, up } = await json("--down", "--up", "raw.csv");
    expect(down.runs.map(({ stage }: Run) => stage)).toEqual(["prep", "train"]);
    expect(up.runs).toEqual([]);
    const oid = oidOf(project.read("data/model.bin"));
    for (const name of [`sha256:${oid}`, oid.slice(0, 10), "HEAD:data/model.bin"])
      expect((await json(name)).up.runs.map(({ stage }: Run) => stage)).toEqual(["train", "prep"]);
    expect((await json("HEAD:data")).up.runs).toHaveLength(2);
  });

  it("tells everything about a run", async () => {
    const [run] = await runsOf("train");
    const text = await lineage(run?.id.slice(0, 12) ?? "");
    for (const line of [`Run:         ${run?.id}`, "Parameter:   lr = 0.1", "Metric:      acc = 0.9"])
      expect(text).toContain(line);
  });

  it("says what it does not know, and what to name", async () => {
    expect(await refused(2, "nothing")).toMatch(/nothing is no file here.*hint: /s);
    expect(await refused(2, "0123456789")).toContain("0123456789");
    expect(await refused(2)).toContain("hint: ");
    expect(await refused(2, "--depth", "x", "raw.csv")).toContain("--depth x");
  });

  it("lists runs by condition", async () => {
    expect(await json("runs", "--where", "metrics.acc > 0.8 and params.lr = 0.1")).toHaveLength(1);
    expect(await json("runs", "--where", "metrics.acc > 0.95")).toEqual([]);
    expect(await json("runs", "-n", "1")).toHaveLength(1);
    expect(await refused(2, "runs", "--where", "acc >")).toContain("acc");
  });

  it("compares a failed run with the last good one", async () => {
    project.write("params.yaml", "lr: 0.2\n");
    project.write("raw.csv", "5\n4\n");
    const text = project.read("mlgit.yaml").toString();
    project.write("mlgit.yaml", text.replace("sed s/1/one/", "echo boom; exit 3; sed s/1/one/"));
    await project.mlgit(["repro"], { code: "any" });
    project.write("mlgit.yaml", text);
    const { differences, log } = await json("why", "train");
    const found = differences.map(({ what, name }: { what: string; name: string }) => `${what} ${name}`);
    for (const one of ["command cmd", "input data/set/clean.csv", "parameter lr", "output data/model.bin"])
      expect(found).toContain(one);
    expect(log).toContain("boom");
    expect(await lineage("why", "train")).toMatch(/parameter lr:\n {2}- 0\.1\n {2}\+ 0\.2/);
    const [bad, good] = await runsOf("train");
    expect(await lineage("diff", good?.id ?? "", bad?.id ?? "")).toContain("parameter lr:");
    await project.git("checkout", "-q", "-f", "HEAD");
    await project.mlgit(["repro"]);
  });

  it("finds all that a tainted file spoils, in the commit and in deployments", async () => {
    await lineage("tainted");
    expect(await refused(2, "mark", "taint", "raw.csv")).toContain("--reason");
    await lineage("mark", "taint", "raw.csv", "--reason", "wrong export");
    const { stdout } = await project.mlgit(["lineage", "tainted"], { code: 1 });
    for (const path of ["raw.csv", "data/set", "data/model.bin", "metrics.json"])
      expect(stdout).toContain(`${path}  since raw.csv`);
    expect(await refused(11, "deploy", "data/model.bin", "--env", "prod")).toContain("wrong export");
    expect(await lineage("data/model.bin")).toContain("tainted: wrong export");
    await lineage("mark", "note", "metrics.json", "--reason", "\u001b[2J gone");
    expect(await lineage("marks")).toContain("\ufffd[2J gone");
    await lineage("mark", "withdraw", "metrics.json", "--reason", "a test");
    await lineage("mark", "withdraw", "raw.csv", "--reason", "it was right");
    expect(await lineage("tainted")).toBe("nothing is tainted\n");
    expect(await json("marks")).toEqual([]);
  });

  it("knows a copy for what it was copied from: out of a folder, inside of another one, and when it is tainted", async () => {
    const clean = project.read("data/set/clean.csv");
    for (const path of ["copied/it.csv", "elsewhere/a/it.csv"]) project.write(path, clean);
    project.write("elsewhere/new.csv", "new\n");
    const stages = async (...args: string[]) => {
      const { up, down } = await json(...args);
      return (up ?? down).runs.map(({ stage }: Run) => stage);
    };
    expect(await stages("copied/it.csv")).toEqual(["prep"]);
    expect(await stages("elsewhere")).toEqual(["prep"]);
    await project.mlgit([
      "run",
      "-n",
      "use",
      "-d",
      "elsewhere",
      "-o",
      "data/used",
      "--",
      "cat elsewhere/*/*.csv elsewhere/*.csv > data/used",
    ]);
    expect(await stages("data/used")).toEqual(["use", "prep"]);
    expect(await stages("--down", "copied/it.csv")).toEqual(expect.arrayContaining(["train", "use"]));
    expect(await stages("--down", "raw.csv")).toEqual(expect.arrayContaining(["prep", "train", "use"]));
    await project.git("add", "copied");
    await project.git("commit", "-qm", "copied");
    await lineage("mark", "taint", "raw.csv", "--reason", "a test");
    const { stdout } = await project.mlgit(["lineage", "tainted"], { code: 1 });
    expect(stdout).toContain("copied/it.csv  since raw.csv");
    await lineage("mark", "withdraw", "raw.csv", "--reason", "a test");
    const text = (await project.mlgit(["lineage", "may-i-delete", "copied/it.csv"], { code: 1 })).stdout;
    expect(text).toContain("it is in main: data/set/clean.csv");
    await project.git("checkout", "-q", "--", "mlgit.yaml");
    await project.git("clean", "-qfd", "elsewhere", "data/used");
  });

  it("knows what is deployed where, now and then, and what may not be deleted", async () => {
    expect(await json("deployed")).toEqual([]);
    await lineage("deploy", "data/model.bin", "--env", "prod");
    await lineage("deploy", "metrics.json", "--env", "staging");
    expect((await json("deployed")).map(({ labels }: Answer) => labels.env)).toEqual(["prod", "staging"]);
    expect(await json("deployed", "--env", "prod")).toMatchObject([{ labels: { what: "data/model.bin" } }]);
    expect(await json("deployed", "--at", "2020-01-01")).toEqual([]);
    expect(await refused(2, "deploy", "data/model.bin")).toContain("--env");
    const { stdout } = await project.mlgit(["lineage", "may-i-delete", "raw.csv"], { code: 1 });
    expect(stdout).toMatch(/^no:\n {2}prod runs data\/model\.bin/);
    for (let i = 0; i < 120; i++) project.write(`data/many/${i}`, `many ${i}`);
    await lineage("deploy", "data/many", "--env", "batch");
    const { reasons } = JSON.parse(
      (await project.mlgit(["lineage", "may-i-delete", "data/many/119", "--json"], { code: 1 })).stdout,
    );
    expect(reasons).toMatchObject([{ where: "batch" }]);
    project.write("unused.csv", "nobody needs this");
    expect(await lineage("may-i-delete", "unused.csv")).toMatch(/^yes: /);
  });

  it("takes runs from outside, without their secrets, and all or none", async () => {
    const run = {
      stage: "outside",
      cmd: ["train", "--api-key", "hunter2"],
      in: ["raw.csv"],
      out: [{ path: "far/model", oid: `sha256:${"0d".repeat(32)}` }],
      params: { password: "hunter2", epochs: 3 },
      env: { torch: "2.4" },
      end: "2026-01-31T12:00:00Z",
      log: "token=hunter2 done",
    };
    await project.mlgit(["lineage", "record"], { input: JSON.stringify(run) });
    const { down } = await json("--down", "raw.csv");
    const found = down.runs.find(({ stage }: Run) => stage === "outside");
    expect(found).toMatchObject({ cmd: ["train", "--api-key", "***"], params: { password: "***", epochs: 3 } });
    expect(found.environment).toEqual({ torch: "2.4" });
    expect(JSON.stringify(found)).not.toContain("hunter2");
    const lines = [run, { ...run, stage: "second" }, { ...run, out: [{ path: "../x" }] }];
    const input = lines.map((one) => JSON.stringify(one)).join("\n");
    const { stderr } = await project.mlgit(["lineage", "import"], { input, code: 2 });
    expect(stderr).toContain("stdin:3");
    expect(await runsOf("second")).toEqual([]);
    expect((await project.mlgit(["lineage", "record"], { input: "{", code: 2 })).stderr).toContain("no JSON");
    await project.mlgit(["lineage", "record"], { input: JSON.stringify({ ...run, in: ["gone"] }), code: 4 });
  });

  it("travels with pushes and fetches, both ways at once, and with plain git from then on", async () => {
    const { box } = project;
    await project.git("push", "-q", "origin", "HEAD:main");
    await box.git(["clone", "-q", box.path("origin.git"), box.path("other")]);
    const cwd = box.path("other");
    expect(JSON.parse((await box.mlgit(["lineage", "runs", "--json"], { cwd })).stdout)).toEqual([]);
    await box.mlgit(["fetch"], { cwd });
    const up = (await box.mlgit(["lineage", "data/model.bin"], { cwd })).stdout;
    expect(up).toContain("raw.csv");
    // Both record something before either pushes; no branch moves.
    await lineage("mark", "note", "raw.csv", "--reason", "from here");
    await box.mlgit(["lineage", "mark", "note", "raw.csv", "--reason", "from there"], { cwd });
    await box.git(["push", "-q", "origin", "HEAD:main"], { cwd });
    await project.git("push", "-q", "origin", "HEAD:main");
    await box.git(["fetch", "-q"], { cwd });
    for (const text of [await lineage("marks"), (await box.mlgit(["lineage", "marks"], { cwd })).stdout]) {
      expect(text).toContain("from here");
      expect(text).toContain("from there");
    }
    await project.git("config", "mlgit.shareRuns", "false");
    await lineage("mark", "note", "raw.csv", "--reason", "kept here");
    await project.git("push", "-q", "origin", "HEAD:main");
    await box.git(["fetch", "-q"], { cwd });
    expect((await box.mlgit(["lineage", "marks"], { cwd })).stdout).not.toContain("kept here");
  });

  it("costs no push when the remote refuses the records", async () => {
    const { box } = project;
    await project.git("config", "--unset", "mlgit.shareRuns");
    const hook = "#!/bin/sh\nwhile read -r _ _ ref; do case $ref in refs/mlgit/*) exit 1;; esac; done\n";
    box.write("origin.git/hooks/pre-receive", hook);
    await box.run("chmod", ["+x", box.path("origin.git/hooks/pre-receive")]);
    project.write("readme", "x");
    await project.commit("two");
    const { stderr } = await project.git("push", "-q", "origin", "HEAD:main");
    expect(stderr).toContain("records of runs were not pushed");
    expect((await project.git("ls-remote", "origin", "main")).stdout).toContain(
      (await project.git("rev-parse", "HEAD")).stdout.trim(),
    );
  });
});
