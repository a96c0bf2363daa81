import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("git rebase --exec", () => {
  const versions = [1, 2, 3, 4].map((n) => randomBytes(`version ${n}`, 300_000 + n));
  const sizes = [300_002, 300_003, 300_004];
  const command = ["--exec", "wc -c <big.bin >>.git/sizes"];
  let team: Team;
  let work: Clone;
  beforeAll(async () => {
    team = await createTeam();
    work = await createProject(team);
    for (const [i, bytes] of versions.entries()) {
      work.write("big.bin", bytes);
      await work.commit(`version ${i + 1}`);
    }
    await work.git(["checkout", "-q", "-b", "side", "HEAD~3"]);
    work.write("text", "side");
    await work.commit("side");
    await work.git(["push", "-q", "origin", "main", "side"]);
  });
  afterAll(() => team.box.remove());

  const seen = ({ top }: Clone) => readFileSync(`${top}/.git/sizes`, "utf8").trim().split(/\s+/).map(Number);

  it.each([
    ["where nothing changes", ["HEAD~3"]],
    ["where commits are made anew", ["--no-ff", "HEAD~3"]],
    ["onto another commit", ["--onto", "side", "HEAD~3"]],
  ])("finds real files %s", async (_, args) => {
    work.write(".git/sizes", "");
    await work.git(["checkout", "-q", "-B", "rebased", "main"]);
    await work.git(["rebase", "-q", ...command, ...args]);
    expect(seen(work)).toEqual(sizes);
    expect(work.read("big.bin").equals(versions[3] as Buffer)).toBe(true);
    expect(await work.status()).toBe("");
  });

  it("finds what has to be fetched", async () => {
    const clone = await team.clone("elsewhere", { args: ["-b", "main"] });
    await clone.git(["rebase", "-q", "--no-ff", ...command, "HEAD~3"]);
    expect(seen(clone)).toEqual(sizes);
    expect(await clone.status()).toBe("");
  });

  it("leaves a pointer where the content cannot be had, and says so", async () => {
    const clone = await team.clone("far", { args: ["-b", "main"] });
    await clone.git(["config", "mlgit.store.default.url", `file://${team.box.path("nowhere")}`]);
    const { stderr } = await clone.git(["rebase", "-q", "--no-ff", ...command, "HEAD~3"]);
    expect(seen(clone).map((size) => size > 1000)).toEqual([false, false, true]);
    expect(stderr).toContain("big.bin");
  });
});
