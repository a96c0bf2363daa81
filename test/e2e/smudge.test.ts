import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { oidOf, pointerOf } from "../helper/pointer-of.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("git mlgit smudge", () => {
  const bytes = randomBytes(4, 1_500_000);
  let team: Team;
  let work: Clone;
  beforeAll(async () => {
    team = await createTeam();
    work = await createProject(team);
    work.write("a.bin", bytes);
    await work.commit();
    await work.git(["push", "-q", "origin", "main"]);
  });
  afterAll(() => team.box.remove());

  it("prints the content of a pointer, from the cache or from the store", async () => {
    const input = pointerOf(bytes);
    expect((await work.mlgit(["smudge", "--", "a.bin"], { input })).bytes.equals(bytes)).toBe(true);
    rmSync(`${work.top}/.git/mlgit`, { recursive: true });
    expect((await work.mlgit(["smudge", "--", "a.bin"], { input })).bytes.equals(bytes)).toBe(true);
  });

  it("prints what is no pointer as it is, with a word", async () => {
    const { stdout, stderr } = await work.mlgit(["smudge", "--", "raw"], { input: "raw\n" });
    expect(stdout).toBe("raw\n");
    expect(stderr).toContain("raw: stored in git itself");
    expect((await work.mlgit(["smudge"], { input: "" })).stdout).toBe("");
  });

  it("leaves the pointer where the settings do not want the path and the cache has no copy", async () => {
    const lean = await team.clone("lean", { args: ["-c", "mlgit.hydrate=none"] });
    const input = pointerOf(bytes);
    expect((await lean.mlgit(["smudge", "--", "a.bin"], { input })).stdout).toBe(input);
  });

  it("says which content is missing and prints nothing for it", async () => {
    const { stdout, stderr } = await work.mlgit(["smudge", "--", "no.bin"], {
      input: pointerOf("nobody has this"),
      code: 4,
    });
    expect(stdout).toBe("");
    expect(stderr).toContain(oidOf("nobody has this"));
    expect(stderr).toContain("hint: ");
  });
});
