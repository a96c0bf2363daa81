import { readdirSync, renameSync, rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { oidOf } from "../helper/pointer-of.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { spy } from "../helper/spy.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("git mlgit push", () => {
  let team: Team;
  let work: Clone;
  const json = async (args: string[]) => JSON.parse((await work.mlgit(["push", "--json", ...args])).stdout);
  beforeAll(async () => {
    team = await createTeam();
    work = await createProject(team);
    work.write("big.bin", randomBytes(8, 3_000_000));
    work.write("data/copy", randomBytes(8, 3_000_000));
    work.write("data/small", "small");
    await work.commit();
  });
  afterAll(() => team.box.remove());

  it("uploads the data of HEAD and moves no ref; the same content goes once", async () => {
    expect(await json(["-n"])).toMatchObject({ dryRun: true, files: 2, bytes: 3_000_005 });
    const report = await json([]);
    expect(report).toMatchObject({ files: 2, present: 0, packs: 1 });
    expect(report.uploaded).toBeLessThan(3_100_000);
    expect((await work.git(["ls-remote", "origin"])).stdout).toBe("");
    expect(await json([])).toMatchObject({ files: 2, present: 2, packs: 0, uploaded: 0 });
  });

  it("asks the store a handful of things when it has everything, whether the remote is named or not", async () => {
    await work.git(["push", "-q", "origin", "main"]);
    for (const named of [[], ["origin"]]) {
      const again = await spy(team.box, (env) => work.mlgit(["push", ...named], { env }));
      expect(again.store.length).toBeLessThanOrEqual(3);
      expect(again.store.length).toBeGreaterThan(0);
    }
  });

  it("does not take what was pushed once for what the store has", async () => {
    const packs = `${team.remote}/mlgit`;
    renameSync(packs, `${packs}-lost`);
    expect(await json(["origin"])).toMatchObject({ files: 2, present: 0, packs: 1 });
    rmSync(packs, { recursive: true });
    renameSync(`${packs}-lost`, packs);
  });

  it("sends what a branch needs, a stash and the index too with --all", async () => {
    await work.git(["checkout", "-q", "-b", "topic"]);
    work.write("data/topic", "on a topic");
    await work.commit();
    work.write("data/topic", "stashed");
    await work.git(["stash", "-q"]);
    work.write("data/topic", "staged");
    await work.git(["add", "."]);
    await work.git(["reset", "-q", "--hard"]);
    await work.git(["checkout", "-q", "main"]);
    expect(await json(["origin", "topic"])).toMatchObject({ packs: 1 });
    work.write("data/topic", "in the index");
    await work.git(["add", "."]);
    expect(await json(["--all"])).toMatchObject({ files: 5, present: 3, newChunks: 2 });
    await work.git(["reset", "-q", "--hard"]);
  });

  it("fills a store that was wiped", async () => {
    rmSync(`${team.remote}/mlgit`, { recursive: true });
    expect(await json(["--all"])).toMatchObject({ present: 0 });
    const other = await team.clone("other");
    expect(oidOf(other.read("big.bin"))).toBe(oidOf(randomBytes(8, 3_000_000)));
  });

  it("names every path that is nowhere to be had and uploads nothing", async () => {
    work.write("data/kept", "this one is here");
    work.write("data/gone 1", randomBytes(10, 1_100_000));
    work.write("data/gone 2", randomBytes(11, 1_100_000));
    await work.commit();
    const packs = () => readdirSync(`${team.remote}/mlgit/packs`).length;
    const before = packs();
    for (const seed of [10, 11]) {
      const oid = oidOf(randomBytes(seed, 1_100_000));
      rmSync(`${work.top}/.git/mlgit/files/${oid.slice(0, 2)}/${oid}`);
    }
    const { stderr } = await work.mlgit(["push", "origin"], { code: 4 });
    expect(stderr).toMatch(/2 files[^\n]*\n {2}data\/gone 1 \(sha256:[0-9a-f]{64}\)\n {2}data\/gone 2 /);
    expect(packs()).toBe(before);
    await work.mlgit(["add", "data"]);
    await work.git(["reset", "-q", "--hard", "HEAD~1"]);
  });

  it("sends little when a little of a large file changes", async () => {
    const bytes = randomBytes(9, 8_000_000);
    work.write("big.bin", bytes);
    await work.commit();
    await work.mlgit(["push", "origin"]);
    bytes.fill(7, 4_000_000, 4_000_100);
    work.write("big.bin", bytes);
    await work.commit();
    expect((await json([])).uploaded).toBeLessThan(600_000);
  });

  it("says what is wrong with a ref that does not exist", async () => {
    expect((await work.mlgit(["push", "origin", "no-such"], { code: 2 })).stderr).toContain("no branch, tag or commit");
  });

  it("sends from a partial clone what the remote has not", async () => {
    work.write("data/small", "small again");
    await work.commit();
    await work.git(["push", "-q", "origin", "main"]);
    await team.box.git(["config", "uploadpack.allowFilter", "true"], { cwd: team.remote });
    const url = `file://${team.remote}`;
    await team.box.git(["clone", "-q", "--filter=blob:none", url, team.box.path("partial")]);
    const partial = team.at(team.box.path("partial"));
    partial.write("data/new", "new");
    await partial.commit();
    for (const [i, named] of [["origin"], []].entries()) {
      const { stdout } = await partial.mlgit(["push", "--json", ...named]);
      expect(JSON.parse(stdout)).toMatchObject({ packs: i === 0 ? 1 : 0 });
    }
  });
});
