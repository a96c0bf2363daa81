import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { oidOf } from "../helper/pointer-of.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("a clone of a file of 64 MiB and more", () => {
  const bytes = randomBytes("large clone", (70 << 20) + 4321);
  const oid = oidOf(bytes);
  let team: Team;
  let clone: Clone;
  beforeAll(async () => {
    team = await createTeam();
    const work = await createProject(team);
    work.write("big.bin", bytes);
    await work.commit("big");
    await work.git(["push", "-q", "origin", "main"]);
  });
  afterAll(() => team.box.remove());

  const cached = () => join(clone.top, ".git/mlgit/files", oid.slice(0, 2), oid);
  const leftovers = () => [
    ...readdirSync(join(clone.top, ".git")).filter((name) => name.startsWith(".mlgit-")),
    ...readdirSync(join(clone.top, ".git/mlgit/tmp")),
  ];

  it("has it in the worktree and in the cache, and nothing besides", async () => {
    clone = await team.clone("clone", { args: ["-b", "main"] });
    expect(clone.read("big.bin").equals(bytes)).toBe(true);
    expect(lstatSync(join(clone.top, "big.bin")).mode & 0o777).toBe(0o644);
    expect(lstatSync(cached()).mode & 0o777).toBe(0o444);
    expect(lstatSync(cached()).ino).not.toBe(lstatSync(join(clone.top, "big.bin")).ino);
    expect(leftovers()).toEqual([]);
    expect(await clone.status()).toBe("");
    expect((await clone.mlgit(["fsck"])).stdout).toContain("Everything is right");
  });

  it("has both also where the cache is elsewhere", async () => {
    const cache = team.box.path("cache of all");
    await team.box.git(["config", "--global", "mlgit.cache", cache]);
    const elsewhere = await team.clone("elsewhere", { args: ["-b", "main"] });
    await team.box.git(["config", "--global", "--unset", "mlgit.cache"]);
    expect(elsewhere.read("big.bin").equals(bytes)).toBe(true);
    expect(lstatSync(join(cache, "files", oid.slice(0, 2), oid)).size).toBe(bytes.length);
    expect(await elsewhere.status()).toBe("");
  });
});
