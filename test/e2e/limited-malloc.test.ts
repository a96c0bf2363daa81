import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { createDataProject, type DataProject } from "../helper/data-project.ts";

let project: DataProject;
let told: string;

beforeAll(async () => {
  project = await createDataProject();
  told = project.box.path("told");
  // Each Node process says at its start what it was given.
  const say = `require("fs").appendFileSync(${JSON.stringify(told)}, (process.env.MALLOC_ARENA_MAX ?? "none") + "\\n")`;
  project.box.write("tell.cjs", `if (require("worker_threads").isMainThread) ${say};\n`);
}, 60_000);
afterAll(() => project?.box.remove());

/** What Node was given, and what of it a command that mlgit runs for somebody has. */
async function limits(name: string, env: Readonly<Record<string, string>>) {
  project.box.write("told", "");
  const NODE_OPTIONS = `--require ${project.box.path("tell.cjs")}`;
  const line = ["run", "-n", name, "-o", `${name}.txt`, "--", `env | grep -i MALLOC > ${name}.txt || true`];
  await project.mlgit(line, { env: { ...env, NODE_OPTIONS } });
  return [readFileSync(told, "utf8").split("\n")[0], readFileSync(`${project.work}/${name}.txt`, "utf8")];
}

it("malloc's pools are few for mlgit itself, and as the user has them for the programs that it runs", async () => {
  expect(await limits("usual", {})).toEqual(["2", ""]);
  expect(await limits("own", { MALLOC_ARENA_MAX: "7" })).toEqual(["7", "MALLOC_ARENA_MAX=7\n"]);
  expect(await limits("other", { MALLOC_MMAP_THRESHOLD_: "9999" })).toEqual(["none", "MALLOC_MMAP_THRESHOLD_=9999\n"]);
});
