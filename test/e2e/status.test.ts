import { utimesSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { oidOf } from "../helper/pointer-of.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("git mlgit status", () => {
  let team: Team;
  let work: Clone;
  const json = async (clone: Clone) => JSON.parse((await clone.mlgit(["status", "--json"])).stdout);
  beforeAll(async () => {
    team = await createTeam();
    work = await createProject(team);
    for (const name of ["a", "b", "c"]) work.write(`${name}.bin`, name.repeat(10));
    await work.commit();
  });
  afterAll(() => team.box.remove());

  it("counts what no remote has, until it is pushed", async () => {
    expect(await json(work)).toMatchObject({
      files: 3,
      bytes: 30,
      unpushed: { files: 3, bytes: 30 },
      staged: [],
      unstaged: [],
    });
    await work.git(["push", "-q", "origin", "main"]);
    expect((await json(work)).unpushed).toEqual({ files: 0, bytes: 0 });
  });

  it("works where git is told by relative paths which repository is meant", async () => {
    const cwd = join(work.top, "..");
    const named = [`--git-dir=${basename(work.top)}/.git`, `--work-tree=${basename(work.top)}`];
    const { stdout } = await team.box.git([...named, "mlgit", "status", "--json"], { cwd });
    expect(JSON.parse(stdout)).toMatchObject({ files: 3 });
  });

  it("names the store that belongs to the remote", async () => {
    expect((await json(work)).store).toEqual({ name: "origin", url: `file://${team.remote}/mlgit` });
    const lone = team.at(await team.box.init("lone"));
    expect((await json(lone)).store).toBeNull();
    expect((await lone.mlgit(["status"])).stdout).toContain("git mlgit store add");
  });

  it("says why there is no store, where several are named and none is the default", async () => {
    const two = team.at(await team.box.init("two"));
    for (const name of ["one", "other"]) await two.mlgit(["store", "add", name, `../${name}`]);
    expect((await two.mlgit(["status"])).stdout).toMatch(
      /several stores and none is the default: one, other\n.*git config/,
    );
    expect((await json(two)).store).toBeNull();
    await two.mlgit(["du", "--store"], { code: 3 });
    await two.mlgit(["fsck", "--store"], { code: 3 });
  });

  it("does not call a file changed that was only touched", async () => {
    utimesSync(join(work.top, "a.bin"), 1_000_000_000, 1_000_000_000);
    expect((await json(work)).unstaged).toEqual([]);
  });

  it("tells staged, unstaged and deleted files apart, and leaves out what is not tracked", async () => {
    work.write("a.bin", "changed");
    await work.git(["add", "a.bin"]);
    work.write("b.bin", "changed too");
    work.write("d.bin", "new");
    await work.git(["add", "d.bin"]);
    await work.git(["rm", "-q", "--cached", "c.bin"]);
    work.write(".gitattributes", `${work.read(".gitattributes")}\n`);
    expect(await json(work)).toMatchObject({
      staged: [
        { path: "a.bin", change: "modified" },
        { path: "c.bin", change: "deleted" },
        { path: "d.bin", change: "new" },
      ],
      unstaged: [{ path: "b.bin", change: "modified" }],
    });
    expect((await work.mlgit(["status"])).stdout).toMatch(
      /Staged:\n {2}modified: a.bin\n[\s\S]*Not staged:\n {2}modified: b.bin/,
    );
    await work.git(["reset", "-q", "--hard"]);
  });

  it("lists what is only a pointer here", async () => {
    const lean = await team.clone("lean", { args: ["-c", "mlgit.hydrate=none"] });
    expect((await json(lean)).dehydrated).toContainEqual({
      path: "a.bin",
      oid: oidOf("a".repeat(10)),
      size: 10,
      cached: false,
    });
    expect((await lean.mlgit(["status"])).stdout).toContain("Only pointers here (git mlgit hydrate): 3 files");
    await lean.mlgit(["hydrate"]);
    expect((await json(lean)).dehydrated).toEqual([]);
  });

  it("needs a worktree", async () => {
    expect((await team.box.mlgit(["status"], { cwd: team.remote, code: 3 })).stderr).toContain("bare");
  });
});
