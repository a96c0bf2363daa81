import { spawn } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, watch } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { counted, createPipelineProject, type PipelineProject } from "../helper/pipeline-project.ts";

jest.setTimeout(240_000);

let project: PipelineProject;
afterEach(() => project?.box.remove());

const chain = `stages:
  train:
    cmd: ${counted("train", "{ cat data/clean; cat params.yaml; } > data/model")}
    deps: [data/clean]
    params: [size]
    outs: [data/model]
  prep:
    cmd: ${counted("prep", "sort raw > data/clean; mkdir -p data/dir; cp raw data/dir/copy")}
    deps: [raw]
    outs: [data/clean, data/dir]
`;

async function chainProject(): Promise<void> {
  project = await createPipelineProject();
  project.write("mlgit.yaml", chain);
  project.write("raw", "2\n1\n");
  project.write("params.yaml", "size: 128\n");
  expect(await project.repro()).toEqual({ prep: "run", train: "run" });
  await project.commit("one");
}

describe("git mlgit repro", () => {
  it("runs what is out of date, takes what was made before, and never the wrong thing", async () => {
    await chainProject();
    expect(await project.repro()).toEqual({ prep: "fresh", train: "fresh" });
    project.write("params.yaml", "size: 256\n");
    expect(await project.repro("-n")).toEqual({ prep: "fresh", train: "run" });
    expect((await project.mlgit(["repro", "-n"])).stderr).toContain(
      "train: would run\n  parameter size changed: 128 → 256",
    );
    expect(await project.repro()).toEqual({ prep: "fresh", train: "run" });
    project.write("params.yaml", 'size: "256"\n');
    expect(await project.repro()).toEqual({ prep: "fresh", train: "run" });
    expect(project.read("data/model").toString()).toBe('1\n2\nsize: "256"\n');
    project.write("params.yaml", "size: 128\n");
    expect(await project.repro()).toEqual({ prep: "fresh", train: "reuse" });
    expect(project.read("data/model").toString()).toBe("1\n2\nsize: 128\n");
    expect((await project.git("status", "--porcelain")).stdout).toBe("");
    chmodSync(join(project.work, "raw"), 0o755);
    expect((await project.mlgit(["repro", "-n"])).stderr).toContain("the mode of input raw changed");
    expect(await project.repro()).toEqual({ prep: "run", train: "fresh" });
    chmodSync(join(project.work, "raw"), 0o644);
    renameSync(join(project.work, "raw"), join(project.work, "raw2"));
    expect((await project.mlgit(["repro"], { code: 1 })).stderr).toMatch(
      /^mlgit: stage prep: its input raw is not there, and no stage makes it/m,
    );
    project.write(
      "mlgit.yaml",
      chain
        .replace("deps: [raw]", "deps: [raw2]")
        .replaceAll(/(sort|cp) raw /g, "$1 raw2 ")
        .replace("sort raw>", "sort raw2>"),
    );
    expect(await project.repro()).toEqual({ prep: "run", train: "fresh" });
    expect([project.ran("prep"), project.ran("train")]).toEqual([3, 3]);
  });

  it("reuses runs across branches and clones, asks the store with --pull, and runs again what is gone", async () => {
    await chainProject();
    await project.git("checkout", "-qb", "other");
    project.write("raw", "9\n8\n");
    expect(await project.repro()).toEqual({ prep: "run", train: "run" });
    await project.commit("two");
    await project.git("push", "-q", "origin", "main", "other", "refs/mlgit/runs");
    await project.git("checkout", "-q", "main");
    expect(await project.repro("--explain")).toEqual({ prep: "fresh", train: "fresh" });
    project.write("raw", "9\n8\n");
    expect(await project.repro()).toEqual({ prep: "reuse", train: "reuse" });
    expect(project.read("data/dir/copy").toString()).toBe("9\n8\n");
    // Another clone, at the first commit, makes the change of the second one for itself.
    const clone = project.box.path("clone");
    await project.box.git(["clone", "-q", project.box.path("origin.git"), clone]);
    const inClone = { cwd: clone };
    await project.box.run("mkdir", [join(clone, ".git/ran")]);
    project.box.write("clone/raw", "9\n8\n");
    const alone = (await project.box.mlgit(["repro", "-n"], inClone)).stderr;
    expect(alone).toContain("no run of it is known");
    expect(alone).toContain("hint: git mlgit repro --pull brings those of others");
    const pulled = await project.box.mlgit(["repro", "--pull"], inClone);
    expect(pulled.stdout).toBe("2 taken from earlier runs\n");
    expect(project.box.read("clone/data/model").toString()).toBe("8\n9\nsize: 128\n");
    expect((await project.box.mlgit(["repro", "-n"], inClone)).stderr).not.toContain("hint:");
    expect(existsSync(join(clone, ".git/ran/prep"))).toBe(false);
    // Records stay when contents are collected: then the stage runs.
    await project.box.run("find", [".git/mlgit/packs", ".git/mlgit/files", "-type", "f", "-delete"], inClone);
    await project.box.git(["remote", "set-url", "origin", project.box.path("empty.git")], inClone);
    await project.box.git(["init", "-q", "--bare", project.box.path("empty.git")]);
    await project.box.run("rm", ["-f", "data/model"], inClone);
    const plan = await project.box.mlgit(["repro", "-n"], inClone);
    expect(plan.stderr).toContain("the outputs of an equal run cannot be had here (--pull asks the store)");
    expect((await project.box.mlgit(["repro", "--pull"], inClone)).stdout).toBe("1 run, 1 up to date\n");
  });

  it("takes pointers for what they name, and hydrates what a command reads", async () => {
    await chainProject();
    await project.mlgit(["dehydrate", "data"]);
    expect(project.read("data/model").toString()).toContain("version mlgit/1");
    expect(await project.repro()).toEqual({ prep: "fresh", train: "fresh" });
    project.write("params.yaml", "size: 1\n");
    expect(await project.repro()).toEqual({ prep: "fresh", train: "run" });
    expect(project.read("data/model").toString()).toBe("1\n2\nsize: 1\n");
  });

  it("keeps what was edited by hand, in place of which it puts what the run had made", async () => {
    await chainProject();
    project.write("data/model", "edited by hand");
    const result = await project.mlgit(["repro"]);
    const oid = /\(sha256:([0-9a-f]{64})\) was in no cache/.exec(result.stderr)?.[1] ?? "";
    expect(project.read("data/model").toString()).toBe("1\n2\nsize: 128\n");
    const pointer = `version mlgit/1\noid sha256:${oid}\nsize 14\n`;
    expect((await project.mlgit(["smudge", "data/model"], { input: pointer })).stdout).toBe("edited by hand");
  });

  it("works on several stages at a time, and goes on after a failure with -k", async () => {
    project = await createPipelineProject();
    // Each of two stages waits for the other's sign of life.
    const meet = (me: string, other: string) =>
      `touch .git/ran/${me}-here; until [ -e .git/ran/${other}-here ]; do sleep 0.05; done; echo ${me} > data/${me}`;
    project.write(
      "mlgit.yaml",
      `stages:
  a: {cmd: "${meet("a", "b")}", outs: [data/a]}
  b: {cmd: "${meet("b", "a")}", outs: [data/b]}
  bad: {cmd: exit 7, deps: [data/a], outs: [data/bad]}
  after: {cmd: touch data/after, deps: [data/bad], outs: [data/after]}
  apart: {cmd: "echo printed; touch data/apart", deps: [data/b], outs: [data/apart]}
`,
    );
    const result = await project.mlgit(["repro", "-j", "2", "-k"], { code: 1 });
    expect(result.stdout).toBe("3 run, 2 failed or not reached\n");
    expect(result.stderr).toContain("stage bad: its command failed (exit 7)");
    expect(result.stderr).toContain("apart | printed");
    expect(await project.repro("-j", "0", "-k")).toEqual({
      a: "fresh",
      b: "fresh",
      bad: "run failed",
      after: "none blocked",
      apart: "fresh",
    });
    expect(await project.repro("apart", "--downstream")).toEqual({ b: "fresh", apart: "fresh" });
  });

  it("stops at Ctrl-C with everything it started, and a kill costs nothing but the run", async () => {
    project = await createPipelineProject();
    project.write("data/out", "old");
    project.write(
      "mlgit.yaml",
      "stages:\n  slow:\n    cmd: sleep 300 & echo $! > .git/ran/pid; echo half > data/out; touch .git/ran/begun; wait\n    outs: [data/out]\n",
    );
    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      const child = spawn("git", ["mlgit", "repro", "-q"], {
        cwd: project.work,
        env: project.box.env as NodeJS.ProcessEnv,
        stdio: "ignore",
        detached: true,
      });
      const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
      await appears(join(project.work, ".git/ran/begun"));
      process.kill(-(child.pid as number), signal);
      const code = await ended;
      const pid = Number(readFileSync(join(project.work, ".git/ran/pid"), "utf8"));
      if (signal === "SIGINT") {
        // git itself waits for us, and then ends by the signal.
        expect(code).toBe(null);
        expect(project.read("data/out").toString()).toBe("old");
        expect(isRunning(pid)).toBe(false);
      } else {
        const blocked = await project.mlgit(["repro"], { code: 10 });
        expect(blocked.stderr).toContain("the command of stage slow is still running");
        // Both who started it and the command itself note which process it is; the first may have been killed before.
        const running = join(project.work, ".git/mlgit-pipeline/running/slow");
        const mark = ["command", "started"].map((name) => join(running, name)).find((path) => existsSync(path));
        const command = Number(readFileSync(mark ?? "", "utf8").split("-")[1]);
        process.kill(pid, "SIGKILL");
        await gone(command);
        project.write("mlgit.yaml", "stages:\n  slow: {cmd: 'echo new > data/out', outs: [data/out], frozen: true}\n");
        expect((await project.mlgit(["repro"])).stderr).toContain(
          "slow: was killed while it ran; its outputs are those from before",
        );
        expect(project.read("data/out").toString()).toBe("old");
        expect(readdirSync(join(project.work, ".git/mlgit-pipeline/running"))).toEqual([]);
      }
      await project.box.run("rm", ["-f", ".git/ran/begun"], { cwd: project.work });
    }
  });

  it("refuses a pipeline that cannot be, naming stages, paths and lines", async () => {
    project = await createPipelineProject();
    project.write(
      "mlgit.yaml",
      "stages:\n  a: {cmd: x, deps: [q], outs: [p]}\n  b: {cmd: x, deps: [p], outs: [q], out: 1}\n",
    );
    const wrong = await project.mlgit(["repro"], { code: 3 });
    expect(wrong.stderr).toContain('mlgit.yaml:3: stage b: Unrecognized key: "out"');
    project.write("mlgit.yaml", "stages:\n  a: {cmd: x, deps: [q], outs: [p]}\n  b: {cmd: x, deps: [p], outs: [q]}\n");
    expect((await project.mlgit(["repro"], { code: 3 })).stderr).toContain(
      "mlgit.yaml:2: stage a: is part of a cycle: a needs q of b, b needs p of a",
    );
    project.write("mlgit.yaml", "stages:\n  a: {cmd: x, outs: [link/p]}\n");
    await project.box.run("ln", ["-s", project.box.home, "link"], { cwd: project.work });
    expect((await project.mlgit(["repro"], { code: 1 })).stderr).toContain(
      "the output link/p lies behind the symlink link",
    );
  });
});

function appears(path: string): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(join(path, ".."), check);
    function check() {
      if (!existsSync(path)) return;
      watcher.close();
      resolve();
    }
    check();
  });
}

/** Until a process has ended. */
async function gone(pid: number): Promise<void> {
  while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
}

function isRunning(pid: number): boolean {
  try {
    // A zombie has ended.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
