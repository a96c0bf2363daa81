import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { oidOf, pointerOf } from "../helper/pointer-of.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("git mlgit textconv", () => {
  let team: Team;
  let work: Clone;
  beforeAll(async () => {
    team = await createTeam();
    work = await createProject(team);
  });
  afterAll(() => team.box.remove());

  it("says the same of bytes and of their pointer", async () => {
    const text = `oid sha256:${oidOf("hello")}\nsize 5 (5 B)\n`;
    for (const content of ["hello", pointerOf("hello")])
      expect((await work.mlgit(["textconv", team.box.write("some", content)])).stdout).toBe(text);
    expect((await work.mlgit(["textconv", team.box.write("some", "")])).stdout).toBe("");
  });

  it("shows pointers of a later version as they are", async () => {
    expect((await work.mlgit(["textconv", team.box.write("some", "version mlgit/2\n")])).stdout).toBe(
      "version mlgit/2\n",
    );
  });

  it("makes git diff show oids and sizes", async () => {
    work.write("a.bin", "old");
    await work.commit();
    work.write("a.bin", "newer");
    const { stdout } = await work.git(["diff"]);
    expect(stdout).toContain(
      `-oid sha256:${oidOf("old")}\n-size 3 (3 B)\n+oid sha256:${oidOf("newer")}\n+size 5 (5 B)\n`,
    );
    await work.git(["checkout", "-q", "a.bin"]);
    expect((await work.git(["diff"])).stdout).toBe("");
  });

  it("needs a file", async () => {
    expect((await work.mlgit(["textconv"], { code: 2 })).stderr).toContain("needs a file");
  });
});
