import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { projectRoot } from "../helper/build.ts";
import { counted, createPipelineProject, type PipelineProject } from "../helper/pipeline-project.ts";
import { oidOf } from "../helper/pointer-of.ts";

jest.setTimeout(240_000);

// biome-ignore lint/suspicious/noExplicitAny: each test checks the part it is about
type Answer = any;

describe("git mlgit lineage verify", () => {
  let project: PipelineProject;
  const idOf = async (stage: string): Promise<string> =>
    ((await project.json(["lineage", "runs", "-n", "1", stage])) as Answer)[0].id;
  const verify = async (stage: string, ...args: string[]) => {
    const result = await project.mlgit(["lineage", "verify", "--json", ...args, await idOf(stage)], { code: "any" });
    return { ...result, answer: result.code < 2 ? (JSON.parse(result.stdout) as Answer) : undefined };
  };
  const worktrees = () => {
    const folder = join(project.work, ".git/mlgit-exps");
    return existsSync(folder) ? readdirSync(folder) : [];
  };

  beforeAll(async () => {
    project = await createPipelineProject();
    const git = join(project.work, ".git");
    const line = (stage: string, rest: string) => counted(stage, rest).replaceAll(".git/", `${git}/`);
    project.write("raw.csv", "3\n1\n2\n");
    project.write("params.yaml", "lr: 0.1\n");
    const odd = `n=$(cat ${git}/counter); mkdir -p data/odd; cp raw.csv data/odd/same; echo $n > data/odd/other; echo "n: $n" > odd.yaml`;
    const stages = {
      prep: {
        cmd: line("prep", "mkdir -p data/set; sort raw.csv > data/set/a; cp raw.csv data/set/b"),
        deps: ["raw.csv"],
        outs: ["data/set"],
      },
      train: {
        cmd: "cat data/set/a params.yaml > data/model; echo 'acc: 0.9' > m.yaml",
        deps: ["data/set"],
        params: ["lr"],
        outs: ["data/model"],
        metrics: ["m.yaml"],
      },
      odd: { cmd: odd, deps: ["raw.csv"], outs: ["data/odd"], metrics: ["odd.yaml"] },
      bad: { cmd: "exit 3", deps: ["raw.csv"] },
    };
    project.write("mlgit.yaml", JSON.stringify({ stages }));
    project.write(".git/counter", "1\n");
    await project.git("add", "-A");
    await project.git("commit", "-qm", "code");
    await project.repro("-k");
    await project.commit("made");
  });
  afterAll(() => project.box.remove());

  it("does a run again elsewhere and finds the same, also from inputs that were not committed yet", async () => {
    project.write("params.yaml", "lr: 7\n");
    const before = (await project.git("status", "--porcelain")).stdout;
    const { code, answer } = await verify("train");
    expect([code, answer.same, answer.exit]).toEqual([0, true, { recorded: 0, now: 0, same: true }]);
    expect(answer.outputs.map(({ path, same }: Answer) => [path, same])).toEqual([
      ["data/model", true],
      ["m.yaml", true],
    ]);
    expect(worktrees()).toEqual([]);
    expect((await project.git("status", "--porcelain")).stdout).toBe(before);
    await project.git("restore", "params.yaml");
    // A failed run that fails in the same way is the same.
    expect((await verify("bad")).answer).toMatchObject({ same: true, exit: { now: 3 } });
  });

  it("names the files and metrics that differ", async () => {
    project.write(".git/counter", "2\n");
    const { code, answer } = await verify("odd");
    expect([code, answer.same]).toEqual([1, false]);
    expect(answer.outputs[0]).toMatchObject({ path: "data/odd", same: false, files: ["other"] });
    expect(answer.metrics).toEqual([{ name: "n", recorded: 1, now: 2 }]);
    const text = (await project.mlgit(["lineage", "verify", await idOf("odd")], { code: 1 })).stdout;
    expect(text).toMatch(/data\/odd: differs.*\n {2}other\n[\s\S]*metric n: 2, then it was 1/);
    expect(project.read("data/odd/other").toString()).toBe("1\n");
  });

  it("runs no command that only a record has, and no path leads outside", async () => {
    const record = (body: object) =>
      project.mlgit(["lineage", "record"], { input: JSON.stringify({ stage: "foreign", ...body }) });
    await record({ cmd: `touch ${project.box.path("ran")}` });
    expect((await verify("foreign")).stderr).toMatch(/no mlgit\.yaml has a stage foreign.*--recorded-command/s);
    expect(existsSync(project.box.path("ran"))).toBe(false);
    await verify("foreign", "--recorded-command");
    expect(existsSync(project.box.path("ran"))).toBe(true);
    project.box.write("victim", "x");
    const oid = `sha256:${oidOf(Buffer.from("y"))}`;
    await project.box.run("ln", ["-s", project.box.root, join(project.work, "link")]);
    await project.commit("a link");
    await record({ stage: "linked", cmd: "true", out: [{ path: "link/victim", oid }] });
    const { code, stderr } = await verify("linked", "--recorded-command");
    expect([code, existsSync(project.box.path("victim"))]).toEqual([11, true]);
    expect(stderr).toContain("symlink");
  });

  it("leaves no process behind when it is killed, and no worktree after the next one", async () => {
    const hold = project.box.path("hold");
    const cmd = `test ! -e ${hold} || { echo $$ > ${hold}.pid; sleep 1000 & while test -e ${hold}; do sleep 0.1; done; }`;
    await project.mlgit(["run", "-n", "slow", "--", cmd]);
    const id = await idOf("slow");
    const { PATH, ...env } = { ...process.env, ...project.box.env };
    for (const signal of ["SIGKILL", "SIGTERM"] as const) {
      project.box.write("hold", "");
      rmSync(`${hold}.pid`, { force: true });
      const args = ["lineage", "verify", id];
      const options = { cwd: project.work, env: { ...env, PATH }, stdio: "ignore" } as const;
      const child = spawn(join(projectRoot, "bin/git-mlgit"), args, options);
      const ended = new Promise((resolve) => child.once("close", resolve));
      const group = await soon(() => (existsSync(`${hold}.pid`) ? readFileSync(`${hold}.pid`, "utf8").trim() : ""));
      child.kill(signal);
      await ended;
      await soon(() => (alive(Number(group)) ? "" : "gone"));
      if (signal === "SIGTERM") expect(worktrees()).toEqual([]);
      else expect(worktrees()).toHaveLength(1);
      rmSync(hold);
      if (signal === "SIGKILL") expect((await verify("slow")).answer.same).toBe(true);
    }
    expect(worktrees()).toEqual([]);
    expect((await project.git("worktree", "list")).stdout.trim().split("\n")).toHaveLength(1);
  });

  it("says which input cannot be had", async () => {
    for (const file of project.cached(".")) if (!file.endsWith("format")) rmSync(file, { force: true });
    const { code, stderr } = await verify("train");
    expect([code, worktrees()]).toEqual([4, []]);
    expect(stderr).toContain("hint: ");
  });
});

/** What something says as soon as it says anything. */
async function soon(ask: () => string): Promise<string> {
  for (
    const begin = Date.now();
    Date.now() - begin < 100_000;
    await new Promise((resolve) => setTimeout(resolve, 50))
  ) {
    const answer = ask();
    if (answer !== "") return answer;
  }
  throw new Error("it never happened");
}

/** Whether a process group has anybody left. */
function alive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}
