import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { pointerOf } from "../helper/pointer-of.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("git mlgit clean", () => {
  let team: Team;
  let work: Clone;
  beforeAll(async () => {
    team = await createTeam();
    work = await createProject(team);
  });
  afterAll(() => team.box.remove());

  it("prints the pointer of what comes on stdin and keeps the bytes", async () => {
    const bytes = randomBytes(3, 2_000_000);
    const { stdout } = await work.mlgit(["clean", "--", "a.bin"], { input: bytes });
    expect(stdout).toBe(pointerOf(bytes));
    expect((await work.mlgit(["smudge", "--", "a.bin"], { input: stdout })).bytes.equals(bytes)).toBe(true);
  });

  it("passes empty input and pointers through", async () => {
    expect((await work.mlgit(["clean"])).stdout).toBe("");
    for (const text of [pointerOf("x"), "version mlgit/2\n"])
      expect((await work.mlgit(["clean"], { input: text })).stdout).toBe(text);
  });

  it("works for git where the long-running filter is not configured", async () => {
    await work.git(["config", "--global", "--unset", "filter.mlgit.process"]);
    work.write("one shot.bin", "content of a file");
    await work.commit();
    expect((await work.git(["cat-file", "blob", "HEAD:one shot.bin"])).stdout).toBe(pointerOf("content of a file"));
    await work.git(["config", "--global", "filter.mlgit.process", "git-mlgit filter-process"]);
    expect(await work.status()).toBe("");
  });

  it("is set-up's matter outside of a repository, and prints no pointer", async () => {
    const { stdout, stderr } = await team.box.mlgit(["clean"], { input: "x", code: 3 });
    expect(stdout).toBe("");
    expect(stderr).toContain("not");
  });

  it("leaves nothing temporary behind", async () => {
    expect(readdirSync(`${work.top}/.git/mlgit/tmp`)).toEqual([]);
  });
});
