import { existsSync, rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { oidOf, pointerOf } from "../helper/pointer-of.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("git mlgit fetch", () => {
  const big = randomBytes(7, 3_000_000);
  let team: Team;
  let first: Clone;
  let work: Clone;
  const json = async (args: string[], code = 0) =>
    JSON.parse((await work.mlgit(["fetch", "--json", ...args], { code })).stdout);
  beforeAll(async () => {
    team = await createTeam();
    first = await createProject(team, "first");
    first.write("big.bin", big);
    first.write("data/a", "one");
    await first.commit();
    await first.git(["checkout", "-q", "-b", "other"]);
    first.write("data/b", "only on the other branch");
    await first.commit();
    await first.git(["push", "-q", "origin", "main", "other"]);
    work = await team.clone("work", { args: ["-c", "mlgit.hydrate=none", "-b", "main"] });
  });
  afterAll(() => team.box.remove());

  it("brings what is checked out into the cache and leaves the worktree alone", async () => {
    expect(await json(["-n"])).toEqual({ dryRun: true, files: 2, bytes: big.length + 3 });
    expect(await json([])).toMatchObject({ fetched: 2, failed: [] });
    expect(existsSync(`${work.top}/.git/mlgit/files/${oidOf(big).slice(0, 2)}/${oidOf(big)}`)).toBe(true);
    expect(work.read("big.bin").toString()).toBe(pointerOf(big));
    expect(await json([])).toEqual({ fetched: 0, received: 0, failed: [] });
  });

  it("brings the files of a branch, of a remote and its branch, and of everything", async () => {
    expect(await json(["origin", "-n", "origin/other"])).toMatchObject({ files: 1 });
    expect(await json(["-n", "--all"])).toMatchObject({ files: 1 });
    expect(await json(["origin/other"])).toMatchObject({ fetched: 1 });
    expect(await json(["--all"])).toMatchObject({ fetched: 0 });
  });

  it("respects include and exclude", async () => {
    rmSync(`${work.top}/.git/mlgit`, { recursive: true });
    await work.git(["config", "mlgit.include", "data/"]);
    expect(await json([])).toMatchObject({ fetched: 1 });
    await work.git(["config", "--unset", "mlgit.include"]);
  });

  it("brings the others when one is missing, names it and ends with 1", async () => {
    first.write("data/c", "after");
    await first.commit();
    await first.git(["push", "-q", "origin", "other"]);
    first.write("data/lost", pointerOf("never pushed"));
    await first.commit();
    await first.git(["push", "-q", "--no-verify", "origin", "other"]);
    await work.git(["fetch", "-q"]);
    const report = await json(["origin/other"], 1);
    expect(report.failed).toMatchObject([{ oid: oidOf("never pushed") }]);
    expect(await json(["-n", "origin/other"])).toMatchObject({ files: 1 });
  });

  it("says that nothing was pushed yet, and which store that is", async () => {
    rmSync(`${team.remote}/mlgit`, { recursive: true });
    rmSync(`${work.top}/.git/mlgit`, { recursive: true });
    expect((await work.mlgit(["fetch"], { code: 4 })).stderr).toContain("nothing was pushed to the store file:");
  });

  it("says of a remote that is a clone, or a bundle, where its data can be had instead", async () => {
    const bundle = team.box.path("all.bundle");
    await work.git(["bundle", "create", "-q", bundle, "--all"]);
    for (const remote of [work.top, bundle]) {
      const name = remote === bundle ? "bundled" : "cloned";
      const { stderr } = await team.box.git(["clone", "-q", remote, team.box.path(name)]);
      expect(stderr).toMatch(/hint: .*`git remote add <name> <url>`.*`git mlgit fetch <name>`, `git mlgit hydrate`/);
    }
  });

  it("says that nothing has a name that it is given, as push does", async () => {
    for (const args of [["nosuch"], ["origin", "nosuch"], ["--", "-x"]]) {
      const { stderr } = await work.mlgit(["fetch", ...args], { code: 2 });
      expect(stderr).toMatch(
        /^mlgit: no (remote, )?branch, tag or commit is called "(nosuch|-x)"\nhint: git branch -a/,
      );
    }
    expect((await work.mlgit(["push", "origin", "nosuch"], { code: 2 })).stderr).toContain("no branch, tag or commit");
  });

  it("works in a bare repository", async () => {
    await first.mlgit(["push", "origin", "main"]);
    const mirror = team.box.path("mirror.git");
    await team.box.git(["clone", "-q", "--bare", team.remote, mirror]);
    const { stdout } = await team.box.mlgit(["fetch", "--json", "main"], { cwd: mirror });
    expect(JSON.parse(stdout)).toMatchObject({ fetched: 2 });
  });

  it("has nothing to bring into a bare repository without commits", async () => {
    const empty = team.box.path("empty.git");
    await team.box.git(["init", "-q", "--bare", empty]);
    expect((await team.box.mlgit(["fetch"], { cwd: empty })).stdout).toBe("Everything is in the cache\n");
  });
});
