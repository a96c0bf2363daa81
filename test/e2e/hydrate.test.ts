import { rmSync, symlinkSync, utimesSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { DeferredJournal } from "../../src/hydrate/deferred.ts";
import { oidOf, pointerOf } from "../helper/pointer-of.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("git mlgit hydrate", () => {
  const big = randomBytes(5, 2_000_000);
  let team: Team;
  let work: Clone;
  beforeAll(async () => {
    team = await createTeam();
    const first = await createProject(team, "first");
    first.write("big.bin", big);
    first.write("data/a/x", "one");
    first.write("data/b/y", "two");
    await first.commit();
    await first.git(["push", "-q", "origin", "main"]);
    work = await team.clone("work", { args: ["-c", "mlgit.hydrate=none"] });
  });
  afterAll(() => team.box.remove());

  it("brings the paths that are named, relative to the current folder, and keeps git status clean", async () => {
    expect(work.read("data/a/x").toString()).toBe(pointerOf("one"));
    await work.mlgit(["hydrate", "a"], { cwd: `${work.top}/data` });
    expect(work.read("data/a/x").toString()).toBe("one");
    expect(work.read("data/b/y").toString()).toBe(pointerOf("two"));
    expect(await work.status()).toBe("");
  });

  it("brings everything that include and exclude want when no path is named", async () => {
    await work.git(["config", "mlgit.exclude", "data/b"]);
    const { stdout } = await work.mlgit(["hydrate", "--json"]);
    expect(JSON.parse(stdout)).toEqual({ hydrated: 1, left: [], failed: [] });
    expect(work.read("big.bin").equals(big)).toBe(true);
    expect(work.read("data/b/y").toString()).toBe(pointerOf("two"));
    await work.git(["config", "--unset", "mlgit.exclude"]);
  });

  it("counts what a clone or checkout that was killed had put off", async () => {
    await work.mlgit(["dehydrate", "."]);
    new DeferredJournal(`${work.top}/.git`).append({ path: Buffer.from("data/a/x"), oid: oidOf("one"), size: 3 });
    rmSync(`${work.top}/.git/mlgit-filter`);
    // As young as the index, a file is read again by any git that looks, whose filter then works off what was put off.
    utimesSync(`${work.top}/.git/index`, 1, 1);
    const { stdout } = await work.mlgit(["hydrate", "data/a/x"]);
    expect(work.read("data/a/x").toString()).toBe("one");
    expect(stdout).toContain("1 file hydrated");
    expect((await work.mlgit(["hydrate", "data/a/x"])).stdout).toContain("0 files hydrated");
    expect(await work.status()).toBe("");
    await work.mlgit(["hydrate", "."]);
  });

  it("never touches a file that is not exactly its pointer, nor a symlink", async () => {
    await work.mlgit(["dehydrate", "."]);
    work.write("data/a/x", "mine");
    team.box.write("outside", pointerOf("two"));
    rmSync(`${work.top}/data/b/y`);
    symlinkSync(team.box.path("outside"), `${work.top}/data/b/y`);
    work.write("big.bin", pointerOf("two"));
    await work.mlgit(["hydrate", "."]);
    expect(work.read("data/a/x").toString()).toBe("mine");
    expect(team.box.read("outside").toString()).toBe(pointerOf("two"));
    expect(work.read("big.bin").toString()).toBe(pointerOf("two"));
    await work.git(["-c", "mlgit.hydrate=all", "reset", "-q", "--hard"]);
    expect(work.read("big.bin").equals(big)).toBe(true);
  });

  it("hydrates the others when one content is missing, names it, and ends with 1", async () => {
    const first = team.at(team.box.path("first"));
    first.write("data/new", "new content");
    await first.commit();
    await first.git(["push", "-q", "origin", "main"]);
    first.write("data/lost", pointerOf("never pushed"));
    await first.commit();
    await first.git(["push", "-q", "--no-verify", "origin", "main"]);
    await work.git(["pull", "-q"]);
    const { stderr, stdout } = await work.mlgit(["hydrate", "--json"], { code: 1 });
    expect(stderr).toContain(`data/lost: sha256:${oidOf("never pushed")} is not in the store`);
    expect(JSON.parse(stdout)).toMatchObject({ hydrated: 1, failed: [{ path: "data/lost" }] });
    expect(work.read("data/new").toString()).toBe("new content");
    expect(work.read("data/lost").toString()).toBe(pointerOf("never pushed"));
    expect(await work.status()).toBe("");
  });

  it("needs a worktree", async () => {
    expect((await team.box.mlgit(["hydrate"], { cwd: team.remote, code: 3 })).stderr).toContain("bare");
  });
});
