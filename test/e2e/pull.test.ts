import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { pointerOf } from "../helper/pointer-of.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("git mlgit pull", () => {
  let team: Team;
  let work: Clone;
  beforeAll(async () => {
    team = await createTeam();
    const first = await createProject(team, "first");
    first.write("a.bin", "one");
    first.write("data/b", "two");
    await first.commit();
    await first.git(["push", "-q", "origin", "main"]);
    work = await team.clone("work", { args: ["-c", "mlgit.hydrate=none"] });
  });
  afterAll(() => team.box.remove());

  it("hydrates what is checked out, within include and exclude", async () => {
    await work.git(["config", "mlgit.include", "data/"]);
    expect(JSON.parse((await work.mlgit(["pull", "--json"])).stdout)).toMatchObject({ hydrated: 1, failed: [] });
    expect(work.read("data/b").toString()).toBe("two");
    expect(work.read("a.bin").toString()).toBe(pointerOf("one"));
    await work.git(["config", "--unset", "mlgit.include"]);
    expect((await work.mlgit(["pull", "origin"])).stdout).toContain("1 file hydrated");
    expect(await work.status()).toBe("");
  });

  it("ends with 1 when something cannot be had, and goes on when it can", async () => {
    const second = await team.clone("second", { args: ["-c", "mlgit.hydrate=none"] });
    await team.box.run("mv", [`${team.remote}/mlgit`, team.box.path("elsewhere")]);
    const { stderr } = await second.mlgit(["pull"], { code: 1 });
    expect(stderr).toContain("2 files hold pointers");
    await team.box.run("mv", [team.box.path("elsewhere"), `${team.remote}/mlgit`]);
    await second.mlgit(["pull"]);
    expect(second.read("a.bin").toString()).toBe("one");
  });

  it("mends files that were deleted from the cache", async () => {
    await work.mlgit(["dehydrate", "."]);
    rmSync(`${work.top}/.git/mlgit`, { recursive: true });
    await work.mlgit(["pull"]);
    expect(work.read("data/b").toString()).toBe("two");
  });
});
