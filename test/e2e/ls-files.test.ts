import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { oidOf } from "../helper/pointer-of.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("git mlgit ls-files", () => {
  let team: Team;
  let work: Clone;
  beforeAll(async () => {
    team = await createTeam();
    work = await createProject(team);
    work.write("a.bin", "one");
    work.write("data/b c", "two");
    work.write("data/d/ü\n", "three");
    work.write("plain.txt", "not tracked");
    await work.commit();
    await work.git(["push", "-q", "origin", "main"]);
  });
  afterAll(() => team.box.remove());

  it("lists tracked files with short oids, and whether their bytes are here", async () => {
    const { stdout } = await work.mlgit(["ls-files"]);
    expect(stdout.split("\n").slice(0, 2)).toEqual([
      `${oidOf("one").slice(0, 10)} * a.bin`,
      `${oidOf("two").slice(0, 10)} * data/b c`,
    ]);
    expect(stdout).not.toContain("plain.txt");
    await work.mlgit(["dehydrate", "a.bin"]);
    expect((await work.mlgit(["ls-files", "-ls", "a.bin"])).stdout).toBe(`${oidOf("one")} - a.bin (3 B)\n`);
    await work.mlgit(["hydrate"]);
  });

  it("takes paths relative to the current folder", async () => {
    const cwd = `${work.top}/data`;
    expect((await work.mlgit(["ls-files", "-n", "b c"], { cwd })).stdout).toBe("data/b c\n");
    expect((await work.mlgit(["ls-files", "-n", ".."], { cwd })).stdout).toMatch(/^a.bin\ndata\/b c\n/);
    expect((await work.mlgit(["ls-files", "-n", "b"], { cwd })).stdout).toBe("");
  });

  it("prints raw paths with -z and quoted ones otherwise", async () => {
    expect((await work.mlgit(["ls-files", "-z"])).stdout).toBe("a.bin\0data/b c\0data/d/ü\n\0");
    expect((await work.mlgit(["ls-files", "-n", "data/d"])).stdout).toMatch(/^"data\/d\/[^\n]*\\n"\n$/);
  });

  it("lists the files of a commit, as JSON too", async () => {
    work.write("a.bin", "changed");
    await work.commit();
    const { stdout } = await work.mlgit(["ls-files", "--ref", "HEAD~1", "--json", "a.bin"]);
    expect(JSON.parse(stdout)).toEqual({
      files: [{ path: "a.bin", oid: oidOf("one"), size: 3, mode: "100644", cached: true }],
    });
    for (const command of ["ls-files", "du"])
      expect((await work.mlgit([command, "--ref", "nosuch"], { code: 2 })).stderr).toContain(
        'no branch, tag or commit is called "nosuch"',
      );
  });

  it("works in a bare repository for a commit", async () => {
    const { stdout } = await team.box.mlgit(["ls-files", "-n", "--ref", "main"], { cwd: team.remote });
    expect(stdout).toContain("a.bin\n");
  });
});
