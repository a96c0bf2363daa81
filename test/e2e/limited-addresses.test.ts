import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { randomBytes } from "../helper/sandbox.ts";
import { createProject, createTeam, type Team } from "../helper/team.ts";

jest.setTimeout(120_000);

/** Kibibytes of addresses, as a cluster may grant them: fewer than V8 sets aside for one memory of WebAssembly. */
const granted = 8_000_000;

describe("where the system grants few addresses (ulimit -v)", () => {
  let team: Team;
  beforeAll(async () => {
    team = await createTeam();
  });
  afterAll(() => team.box.remove());

  it("large and compressible files are added, pushed and cloned", async () => {
    const work = await createProject(team);
    const files = { "data/random": randomBytes("a", 140_000_000), "data/text": Buffer.alloc(9_000_000, "some text\n") };
    for (const [path, bytes] of Object.entries(files)) work.write(path, bytes);
    const run = (line: string) => team.box.run("sh", ["-c", `ulimit -v ${granted} && ${line}`], { cwd: work.top });
    await run("git mlgit add data && git add -A && git commit -qm data && git push -q origin HEAD");
    const target = team.box.path("limited clone");
    await run(`git clone -q '${team.remote}' '${target}'`);
    for (const [path, bytes] of Object.entries(files)) {
      const came = readFileSync(join(target, path));
      expect([path, came.equals(bytes)]).toEqual([path, true]);
    }
  });
});
