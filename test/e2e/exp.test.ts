import { spawn } from "node:child_process";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { counted, createPipelineProject, type PipelineProject } from "../helper/pipeline-project.ts";

jest.setTimeout(240_000);

let project: PipelineProject;
afterEach(() => project?.box.remove());

const pipeline = (folder: string, line: string) => `stages:
  prep:
    cmd: ${counted("prep", "sort data/raw > data/clean").replaceAll(".git/", `${folder}/`)}
    deps: [data/raw]
    outs: [data/clean]
  train:
    cmd: ${JSON.stringify(line)}
    deps: [data/clean]
    params: [lr, net]
    outs: [data/model]
    metrics: [m.json]
`;
const train =
  'cat data/clean params.yaml > data/model; lr=$(sed -n "s/^lr: //p" params.yaml); echo "{\\"acc\\": 0.$((lr * 3))}" > m.json';

async function start(line = train): Promise<void> {
  project = await createPipelineProject();
  project.write("mlgit.yaml", pipeline(join(project.work, ".git"), line));
  project.write("data/raw", "2\n1\n");
  project.write("params.yaml", "# how fast\nlr: 1\nnet: {depth: 3}\n");
  await project.commit("one");
}

const worktrees = () => {
  const folder = join(project.work, ".git/mlgit-exps");
  return existsSync(folder) ? readdirSync(folder) : [];
};
const noteOf = (name: string) => join(project.work, ".git/worktrees", name, "mlgit-pipeline/running/train/command");
/** Whether it is written down which process the stage's command is. */
const isNoted = () => worktrees().some((name) => existsSync(noteOf(name)));
const lines = async (...args: string[]) => (await project.mlgit(args)).stdout.trimEnd().split("\n");

describe("git mlgit exp", () => {
  it("runs a grid elsewhere, keeps each result, and lists, compares, applies and forgets them", async () => {
    await start();
    project.write("params.yaml", "# how slow\nlr: 1\nnet: {depth: 3}\n");
    const index = statSync(join(project.work, ".git/index")).mtimeMs;
    await project.mlgit(["exp", "run", "-S", "lr=1..3", "-S", "net.depth=4,5", "-n", "grid", "-j", "2"]);
    expect((await project.git("status", "--porcelain")).stdout).toBe(" M params.yaml\n");
    expect(existsSync(join(project.work, "data/model"))).toBe(false);
    expect([statSync(join(project.work, ".git/index")).mtimeMs >= index, worktrees()]).toEqual([true, []]);
    expect((await project.git("worktree", "list")).stdout.trim().split("\n")).toHaveLength(1);
    const list = await lines("exp", "list", "--sort", "acc", "--desc", "--csv");
    expect(list[0]).toBe("name,time,lr,net.depth,acc");
    expect(list.slice(1, 3).map((line) => line.replace(/T[\d:]+|\d{4}-\d\d-\d\d/g, ""))).toEqual(
      expect.arrayContaining(["grid-5,,3,4,0.9", "grid-6,,3,5,0.9"]),
    );
    expect(list).toHaveLength(7);
    expect((await project.git("show", "refs/mlgit/exps/grid-6:params.yaml")).stdout).toBe(
      "# how slow\nlr: 3\nnet: { depth: 5 }\n",
    );
    expect(await lines("exp", "diff", "--csv", "grid-1", "grid-6")).toEqual([
      "file,name,grid-1,grid-6,change",
      "params.yaml,lr,1,3,+2",
      "params.yaml,net.depth,4,5,+1",
      "m.json,acc,0.3,0.9,+0.6",
    ]);
    await project.mlgit(["exp", "apply", "grid-6"]);
    expect(project.read("data/model").toString()).toContain("1\n2\n# how slow\nlr: 3\n");
    expect(await project.repro()).toEqual({ prep: "fresh", train: "fresh" });
    project.write("params.yaml", "lr: 77\n");
    const refused = await project.mlgit(["exp", "apply", "grid-5"], { code: 11 });
    expect(refused.stderr).toContain("params.yaml");
    expect(project.read("params.yaml").toString()).toBe("lr: 77\n");
    await project.mlgit(["exp", "rm", "grid-1", "grid-2"]);
    expect(await lines("exp", "list", "--csv")).toHaveLength(5);
  });

  it("knows an experiment again, reports a failure, and says what is no parameter", async () => {
    await start(`${train}; test $lr != 2`);
    const json = async (...args: string[]) =>
      JSON.parse((await project.mlgit(["exp", "run", "--json", ...args], { code: "any" })).stdout).experiments;
    expect((await json("-S", "lr=2,3")).map(({ state }: { state: string }) => state)).toEqual(["failed", "done"]);
    expect((await json("-S", "lr=3"))[0].state).toBe("known");
    expect(project.ran("prep")).toBe(1);
    const [unknown] = await json("-S", "rate=3");
    expect(unknown.problem).toContain('params.yaml has no parameter "rate"; it has: lr, net.depth');
    expect((await project.mlgit(["exp", "run", "-S", "lr"], { code: 2 })).stderr).toContain("sets no parameter");
    expect(worktrees()).toEqual([]);
    expect((await project.mlgit(["exp", "show", "none"], { code: 2 })).stderr).toContain("no experiment");
  });

  it("shares experiments through a remote, data first, and replaces none unasked", async () => {
    await start();
    await project.git("push", "-q", "-u", "origin", "main");
    await project.mlgit(["exp", "run", "-S", "lr=3", "-n", "try"]);
    expect((await project.mlgit(["exp", "push"], { code: 2 })).stderr).toContain("--all");
    expect(await lines("exp", "push", "origin", "try")).toEqual(["pushed try"]);
    expect(await lines("exp", "push", "--all")).toEqual(["try was there"]);
    const other = project.box.path("other");
    const there = { cwd: other };
    const fetchThere = async (...args: string[]) =>
      project.box.mlgit(["exp", "fetch", ...args], { ...there, code: "any" });
    await project.box.git(["clone", "-q", project.box.path("origin.git"), other]);
    await project.box.mlgit(["init"], there);
    expect((await fetchThere("origin", "try")).stdout).toBe("fetched try\n");
    await project.box.mlgit(["exp", "apply", "try"], there);
    expect(project.box.read("other/data/model").toString()).toContain("lr: 3");
    expect((await project.box.mlgit(["lineage", "data/model"], there)).stdout).toMatch(/train {2}run .*lr=3/);
    // The same name for something else, on either side.
    const commit = await project.git("commit-tree", "-p", "main", "-m", "other", "main^{tree}");
    await project.git("update-ref", "refs/mlgit/exps/try", commit.stdout.trim());
    expect((await project.mlgit(["exp", "push", "try"], { code: 10 })).stderr).toMatch(/try.*--force/s);
    expect(await lines("exp", "push", "-f", "try")).toEqual(["pushed try"]);
    expect(await fetchThere()).toMatchObject({ code: 1, stderr: expect.stringContaining("try is another one") });
    expect((await fetchThere("-f")).stdout).toBe("fetched try\n");
    expect(await fetchThere("origin", "none")).toMatchObject({ code: 1, stderr: expect.stringContaining("none") });
  });

  it("leaves nothing broken when it is killed, and goes on afterwards", async () => {
    const hold = "while test -e $HOLD; do sleep 0.05; done";
    await start(`touch $HOLD.on; ${hold}; ${train}`);
    const HOLD = project.box.write("hold", "");
    const child = spawn("git", ["mlgit", "exp", "run", "-S", "lr=5"], {
      cwd: project.work,
      env: { ...project.box.env, HOLD } as NodeJS.ProcessEnv,
      stdio: "ignore",
      detached: true,
    });
    const ended = new Promise((resolve) => child.on("close", resolve));
    const limit = Date.now() + 60_000;
    while (!(existsSync(`${HOLD}.on`) && isNoted()) && Date.now() < limit)
      await new Promise((resolve) => setTimeout(resolve, 20));
    process.kill(-(child.pid as number), "SIGKILL");
    await ended;
    // As if the kill had come before the note: the command itself has written that it began.
    rmSync(noteOf(worktrees()[0] as string));
    expect(worktrees()).toHaveLength(1);
    const env = { HOLD: project.box.path("none") };
    // The command that was started is still there, so its worktree is left alone.
    const second = await project.mlgit(["exp", "run", "-S", "lr=5"], { env });
    expect(second.stderr).toContain("still running in");
    await project.box.run("rm", [HOLD]);
    for (let tries = 0; tries < 200 && worktrees().length > 0; tries++)
      await project.mlgit(["exp", "run", "-S", "lr=5"], { env });
    expect(worktrees()).toEqual([]);
    expect(await lines("exp", "list", "--csv")).toHaveLength(2);
    expect(project.ran("prep")).toBe(1);
    expect((await project.git("fsck", "--connectivity-only")).code).toBe(0);
  });
});
