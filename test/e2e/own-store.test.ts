import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("a repository that others push to", () => {
  const bytes = randomBytes("pushed to a colleague", 400_000);
  let team: Team;
  let work: Clone;
  beforeAll(async () => {
    team = await createTeam();
    work = await createProject(team);
    await work.git(["push", "-q", "origin", "main"]);
  });
  afterAll(() => team.box.remove());

  it("has their data when it is a clone itself and checks their branch out", async () => {
    const colleague = await team.clone("colleague", { args: ["-b", "main"] });
    await work.git(["checkout", "-q", "-b", "topic", "main"]);
    work.write("data/new", bytes);
    await work.commit("new");
    await work.git(["push", "-q", colleague.top, "topic"]);
    const { stderr } = await colleague.git(["checkout", "topic"]);
    expect(stderr).not.toContain("could not be");
    expect(colleague.read("data/new").equals(bytes)).toBe(true);
    expect(await colleague.status()).toBe("");
  });

  it("has their data when it is bare and gets a worktree", async () => {
    await work.git(["push", "-q", "origin", "topic"]);
    await team.box.git(["worktree", "add", "-q", team.box.path("deployed"), "topic"], { cwd: team.remote });
    const deployed = team.at(team.box.path("deployed"));
    expect(deployed.read("data/new").equals(bytes)).toBe(true);
    expect(await deployed.status()).toBe("");
    // What they pushed is nobody's rubbish.
    expect((await deployed.mlgit(["fsck", "--fix", "--store"])).stdout).not.toContain("belongs to nothing");
    await deployed.mlgit(["prune"]);
    const clone = await team.clone("after", { args: ["-b", "topic"] });
    expect(clone.read("data/new").equals(bytes)).toBe(true);
  });
});
