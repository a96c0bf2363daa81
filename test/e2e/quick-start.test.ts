import { statSync } from "node:fs";
import { join } from "node:path";
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
