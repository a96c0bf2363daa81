import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { flipBit } from "../helper/data-project.ts";
import { oidOf } from "../helper/pointer-of.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

// Each starts git and mlgit dozens of times.
jest.setTimeout(180_000);

const allowed = ["-c", "mlgit.allowIncompletePush=true"];
const [old, kept, now] = ["old", "kept", "now"].map((seed) => randomBytes(`incomplete ${seed}`, 1_100_000)) as [
  Buffer,
  Buffer,
  Buffer,
];

/** An old version of `data/a` is lost for good; `data/kept` of the same commit and the new `data/a` are in the cache. */
describe("a push of a history that lacks content for good", () => {
  let team: Team;
  let work: Clone;
  const cached = (bytes: Buffer) => join(work.top, ".git/mlgit/files", oidOf(bytes).slice(0, 2), oidOf(bytes));
  const refs = async () => (await work.git(["ls-remote", "origin"])).stdout;
  const useBucket = async () => {
    team.box.write("bucket/.keep", "");
    const url = `mlgit::file://${team.box.path("bucket/project")}`;
    await work.git(["remote", "set-url", "origin", url]);
    return url;
  };
  beforeEach(async () => {
    team = await createTeam();
    work = await createProject(team);
    work.write("data/a", old);
    work.write("data/kept", kept);
    await work.commit("old");
    work.write("data/a", now);
    await work.git(["rm", "-q", "data/kept"]);
    await work.commit("now");
    rmSync(cached(old));
  });
  afterEach(() => team.box.remove());

  it("is refused and told of the setting; with it the path is named, and all the rest goes", async () => {
    const { stderr } = await work.git(["push", "origin", "main"], { code: 1 });
    expect(stderr).toContain(`data/a (sha256:${oidOf(old)})`);
    expect(stderr).toMatch(/hint: .*git -c mlgit\.allowIncompletePush=true push/);
    expect(await refs()).toBe("");
    const pushed = await work.git([...allowed, "push", "origin", "main"]);
    expect(pushed.stderr).toMatch(/1 file is neither in the cache nor in the store:\n {2}data\/a \(sha256:/);
    expect(pushed.stderr).toContain("the push goes on");
    expect(pushed.stderr).toMatch(/mlgit: 2 files, [\d.]+ MB uploaded/);
    const clone = await team.clone("clone");
    expect(clone.read("data/a")).toEqual(now);
    const before = await clone.git(["checkout", "HEAD~1"]);
    expect(before.stderr).toContain(oidOf(old));
    expect(clone.read("data/kept")).toEqual(kept);
  });

  it("goes the same way to a git remote in a store", async () => {
    const url = await useBucket();
    const { stderr } = await work.git(["push", "origin", "main"], { code: 1 });
    expect(stderr).toMatch(/hint: .*git -c mlgit\.allowIncompletePush=true push/);
    const pushed = await work.git([...allowed, "push", "origin", "main"]);
    expect(pushed.stderr).toContain(`data/a (sha256:${oidOf(old)})`);
    await team.box.git(["clone", "-q", url, "clone"]);
    const clone = team.at(team.box.path("clone"));
    expect(clone.read("data/a")).toEqual(now);
    await clone.git(["checkout", "-q", "HEAD~1"]);
    expect(clone.read("data/kept")).toEqual(kept);
  });

  it("is told versions of a path apart from files", async () => {
    work.write("data/a", "newer");
    await work.commit("newer");
    rmSync(cached(now));
    const two = await work.mlgit(["push", "origin"], { code: 4 });
    expect(two.stderr).toMatch(/2 versions of 1 file are neither .*\n {2}data\/a \(.*\n {2}data\/a \(/);
    rmSync(cached(kept));
    const three = await work.git([...allowed, "push", "origin", "main"]);
    expect(three.stderr).toMatch(/mlgit: 3 versions of 2 files are neither/);
  });

  it("is not let through by a file of the repository", async () => {
    work.write(".mlgit/config.yaml", "allowIncompletePush: true\nmlgit.allowIncompletePush: true\n");
    for (const file of [".gitconfig", ".mlgit/config", ".lfsconfig"])
      work.write(file, "[mlgit]\n\tallowIncompletePush = true\n[lfs]\n\tallowincompletepush = true\n");
    await work.commit("settings");
    await work.git(["push", "origin", "main"], { code: 1 });
    expect(await refs()).toBe("");
    await useBucket();
    await work.git(["push", "origin", "main"], { code: 1 });
  });

  it("takes what a worktree has from there, whatever the cache lacks", async () => {
    await work.git(["worktree", "add", "-q", team.box.path("linked"), "HEAD~1"]);
    rmSync(cached(kept));
    rmSync(cached(now));
    const { stderr } = await work.git([...allowed, "push", "origin", "main"]);
    expect(stderr).toMatch(/1 file is neither in the cache nor in the store:\n {2}data\/a \(sha256:/);
    const clone = await team.clone("clone");
    expect(clone.read("data/a")).toEqual(now);
    await clone.git(["checkout", "-q", "HEAD~1"]);
    expect(clone.read("data/kept")).toEqual(kept);
  });

  it("does not send a damaged copy: it is told of it first, and counts as lost then", async () => {
    flipBit(cached(kept), 5000);
    const damaged = await work.git([...allowed, "push", "origin", "main"], { code: 1 });
    expect(damaged.stderr).toContain("data/kept");
    expect(await refs()).toBe("");
    const pushed = await work.git([...allowed, "push", "origin", "main"]);
    expect(pushed.stderr).toContain(`data/kept (sha256:${oidOf(kept)})`);
  });

  it("moves no ref where the store does not take what is here", async () => {
    team.box.write("no-folder", "");
    await work.git(["config", "mlgit.store.bad.url", `file://${team.box.path("no-folder")}`]);
    await work.git(["config", "mlgit.defaultStore", "bad"]);
    await work.git([...allowed, "push", "origin", "main"], { code: 1 });
    expect(await refs()).toBe("");
  });

  it("is named in the report of git mlgit push, and lacks in mirrors only what the store lacks", async () => {
    const { stderr } = await work.mlgit(["push", "origin"], { code: 4 });
    expect(stderr).toContain("mlgit.allowIncompletePush");
    for (const name of ["main", "mirror"]) {
      team.box.write(`${name}/.keep`, "");
      await work.git(["config", `mlgit.store.${name}.url`, `file://${team.box.path(name)}`]);
    }
    await work.git(["config", "mlgit.store.mirror.mirrorOf", "main"]);
    await work.git(["config", "mlgit.allowIncompletePush", "true"]);
    const pushed = await work.mlgit(["push", "--json", "origin"]);
    const lost = [{ oid: oidOf(old), size: old.length, path: "data/a" }];
    expect(JSON.parse(pushed.stdout)).toMatchObject({ files: 3, present: 0, lost });
    expect(pushed.stderr.match(/the push goes on/g)).toHaveLength(1);
    for (const store of ["main", "mirror"]) expect(readdirSync(team.box.path(store, "packs"))).toHaveLength(1);
    expect((await work.mlgit(["push", "origin"])).stdout).toBe("All else is in the store\n");
  });

  it("shows no more than twenty of the paths, quoted as git does", async () => {
    for (let n = 100; n < 124; n++) work.write(`data/many/${n}`, `${n}`);
    work.write("data/many/\u001b[31m", "red");
    await work.commit("many");
    await work.git(["rm", "-qr", "data/many"]);
    await work.commit("none");
    rmSync(join(work.top, ".git/mlgit"), { recursive: true });
    const { stderr } = await work.git([...allowed, "push", "origin", "main"]);
    expect(stderr.match(/^ {2}.*\(sha256:/gm)).toHaveLength(20);
    expect(stderr).toContain("  … and 7 more\n");
    expect(stderr).not.toContain("\u001b[31m");
    expect((await team.clone("clone")).read("data/a")).toEqual(now);
  });
});
