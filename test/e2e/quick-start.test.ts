import { chmodSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { EntityProject } from "../helper/entity-project.ts";

const project = new EntityProject();
const files = Array.from({ length: 30 }, (_, i) => `datasets/d/data/${i}.bin`);

/** What Node has loaded when a process ends, a line each; of all of Node's processes that git started. */
const hook = `process.on("exit", () => require("fs").appendFileSync(process.env.LOADED, process.moduleLoadList.join("\\n") + "\\n"));`;

beforeAll(async () => {
  await project.start();
  await project.mlgit("datasets", "create", "d", "--categories=c", "--mutability=strict");
  for (const [i, file] of files.entries()) project.write(file, `content ${i}`.repeat(200_000));
  await project.commit("data");
  await project.git("push", "-q", "origin", "main");
});
afterAll(() => project.box.remove());

/** Runs the real Node with options that write which functions V8 compiles, and how. */
function tracedNode(log: string): string {
  const options = `--log-function-events --no-logfile-per-isolate --logfile=${log}`;
  const node = project.box.write("traced/node", `#!/bin/sh\nexec ${process.execPath} ${options} "$@"\n`);
  chmodSync(node, 0o755);
  return dirname(node);
}

it("a checkout of some files is done before V8 has optimized any function", async () => {
  const log = project.box.path("v8.log");
  await project.box.run("rm", ["-rf", "datasets/d/data"], { cwd: project.cwd });
  const PATH = `${tracedNode(log)}:${project.box.env.PATH}`;
  await project.box.git(["checkout", "-q", "--", "datasets"], { cwd: project.cwd, env: { PATH } });
  expect((await project.git("status", "--porcelain")).stdout).toBe("");
  const events = readFileSync(log, "latin1");
  expect(events).toContain("function,first-execution");
  expect(events).not.toContain("function,turbofan");
});

it("a checkout of linked files loads none of what takes Node long", async () => {
  const loaded = project.box.path("loaded");
  const require = project.box.write("hook.cjs", hook);
  await project.box.run("rm", ["-rf", "datasets/d/data"], { cwd: project.cwd });
  const env = { NODE_OPTIONS: `--require ${require}`, LOADED: loaded };
  await project.box.git(["checkout", "-q", "--", "datasets"], { cwd: project.cwd, env });
  expect((await project.git("status", "--porcelain")).stdout).toBe("");
  expect(statSync(join(project.cwd, files[0] as string)).nlink).toBe(2);
  const modules = new Set(project.box.read("loaded").toString("utf8").split("\n"));
  expect(modules).toContain("NativeModule fs");
  const slow = [
    "child_process",
    "crypto",
    "internal/perf/performance",
    "module",
    "net",
    "tty",
    "worker_threads",
    "zlib",
  ];
  expect(slow.filter((name) => modules.has(`NativeModule ${name}`))).toEqual([]);
});
