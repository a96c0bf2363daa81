import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { projectRoot } from "../helper/build.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("the package mlgit", () => {
  let team: Team;
  let work: Clone;
  beforeAll(async () => {
    team = await createTeam();
    mkdirSync(team.box.path("node_modules"));
    symlinkSync(projectRoot, team.box.path("node_modules/mlgit"));
    work = await createProject(team);
    for (const name of ["a", "b", "c"]) work.write(`data/${name}`, randomBytes(name, 400_000));
    await work.git(["add", "-A"]);
    await work.git(["commit", "-qm", "data"]);
    await work.git(["push", "-q", "-u", "origin", "main"]);
  });
  afterAll(() => team.box.remove());

  /** Runs a program that finds the package, and reads the JSON it prints. */
  async function program(code: string, cwd = work.top): Promise<unknown> {
    const file = team.box.write("program.mjs", `import * as mlgit from "mlgit";\n${code}`);
    return JSON.parse((await team.box.run("node", [file], { cwd })).stdout);
  }

  it("gives what --json prints, relative to the folder that was opened", async () => {
    const found = await program(`
      const project = await mlgit.open("data");
      const [status, files] = [await project.status(), await project.files(["b"])];
      console.log(JSON.stringify({ top: project.top, status, files }));`);
    const { stdout } = await work.mlgit(["status", "--json"]);
    expect(found).toMatchObject({
      top: work.top,
      status: JSON.parse(stdout) as object,
      files: [{ path: "data/b", size: 400_000, cached: true, hydrated: true }],
    });
  });

  it("prints nothing itself, and tells how far work has come", async () => {
    const clone = await team.clone("dry", { env: { MLGIT_HYDRATE: "none" }, args: ["-c", "mlgit.hydrate=none"] });
    const told = (await program(
      `
      const told = [];
      const project = await mlgit.open(".", { onProgress: (one) => told.push(one) });
      const report = await project.hydrate(["data"]);
      console.log(JSON.stringify({ report, told }));`,
      clone.top,
    )) as { report: unknown; told: { files: number; bytes: number; totalFiles: number }[] };
    expect(told.report).toEqual({ hydrated: 3, left: [], failed: [] });
    expect(told.told.at(-1)).toMatchObject({ files: 3, bytes: 1_200_000, totalFiles: 3 });
  });

  it("stops by the caller's signal, with an error of its own kind and nothing half done", async () => {
    const clone = await team.clone("stopped", { args: ["-c", "mlgit.hydrate=none"] });
    clone.write("data/d", "d");
    const found = await program(
      `
      const stop = new AbortController();
      stop.abort();
      const project = await mlgit.open(".", { signal: stop.signal });
      const errors = [];
      for (const work of [() => project.hydrate(["data"]), () => project.fetch(), () => project.add(["data"])])
        errors.push(await work().catch((error) => error));
      console.log(JSON.stringify(errors.map((error) => [mlgit.isMlgitError(error), error.kind])));`,
      clone.top,
    );
    expect(found).toEqual(Array(3).fill([true, "interrupted"]));
    expect(await clone.status()).toBe("?? data/d\n");
  });

  it("rejects outside of a repository, with what to do", async () => {
    const found = await program(
      `
      const error = await mlgit.open("/").catch((error) => error);
      console.log(JSON.stringify({ kind: error.kind, code: mlgit.exitCode[error.kind] }));`,
    );
    expect(found).toEqual({ kind: "setup", code: 3 });
  });

  it("has types that a strict program compiles against", async () => {
    const tsc = join(projectRoot, "node_modules/.bin/tsc");
    await team.box.run(tsc, ["-p", "tsconfig.types.json"], { cwd: projectRoot });
    writeFileSync(
      team.box.path("program.ts"),
      `import { type MlgitError, open, type StatusReport } from "mlgit";
       const project = await open(".", { onProgress: ({ title, files }) => console.log(title, files) });
       const status: StatusReport = await project.status();
       const { tag }: { tag: string } = await project.datasets.current("d");
       const ids: readonly string[] = await project.lineage.record({ stage: "s", params: { lr: 0.1 } });
       // @ts-expect-error: a mutability is one of three words
       await project.datasets.create("d", { categories: ["c"], mutability: "loose" });
       const { command }: { command?: readonly string[] } = await project.sharing.promote("d", { to: "main" });
       // @ts-expect-error: it is promoted to something
       await project.sharing.promote("d", { branch: "x" });
       const { sent }: { sent: number } = await project.datasets.exportFiles("d", "bucket", { region: "eu-1" });
       // @ts-expect-error: a run has a stage
       await project.lineage.record({ params: {} });
       export const kind = (error: MlgitError) => [error.kind, status.files, tag, ids, command, sent];
      `,
    );
    writeFileSync(team.box.path("package.json"), `{ "type": "module" }`);
    const strict = ["--strict", "--exactOptionalPropertyTypes", "--noEmit", "--target", "es2023"];
    const modules = ["--module", "nodenext", "--skipLibCheck", "--typeRoots", join(projectRoot, "node_modules/@types")];
    const result = await team.box.run(tsc, [...strict, ...modules, "--types", "node", "program.ts"], { code: "any" });
    expect(result.stdout).toBe("");
  }, 240_000);
});
