import { readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { runAndKill } from "../helper/killing-git.ts";
import { randomBytes, sha256 } from "../helper/sandbox.ts";
import { type Clone, createTeam, type Team } from "../helper/team.ts";
import { isInstalled } from "../helper/web-server.ts";

const hasLfs = isInstalled("git-lfs");

const big = randomBytes("big", 1_500_000);
const old = randomBytes("old", 30_000);

/** Two commits with git-lfs on `main`, a branch and a tag, pushed with their objects. */
async function lfsProject(team: Team): Promise<Clone> {
  await team.box.git(["lfs", "install"]);
  await team.box.git(["clone", "-q", `file://${team.remote}`, team.box.path("lfs")]);
  const work = team.at(team.box.path("lfs"));
  await work.git(["symbolic-ref", "HEAD", "refs/heads/main"]);
  work.write("readme.txt", "no data yet\n");
  await work.commit("before git-lfs");
  work.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
  work.write("sub/.gitattributes", '"odd name*" filter=lfs diff=lfs merge=lfs -text lockable\n');
  work.write("changes.bin", old);
  work.write("sub/odd name.dat", "odd");
  work.write("empty.bin", "");
  await work.commit("with git-lfs");
  await work.git(["tag", "-a", "-m", "first", "v1"]);
  await work.git(["branch", "side"]);
  work.write("changes.bin", "newer\n");
  work.write("data/big.bin", big);
  work.write("data/copy.bin", big);
  await work.commit("more");
  await work.git(["push", "-q", "origin", "main", "side", "v1"]);
  return work;
}

(hasLfs ? describe : describe.skip)("git mlgit migrate git-lfs", () => {
  let team: Team;
  let work: Clone;
  const clone = async (name: string, skip = false) => {
    const env = skip ? { GIT_LFS_SKIP_SMUDGE: "1" } : {};
    await team.box.git(["clone", "-q", `file://${team.remote}`, team.box.path(name)], { env });
    const made = team.at(team.box.path(name));
    await made.mlgit(["init", "-q"]);
    return made;
  };
  const migrate = async (place: Clone, args: string[], code = 0, env = {}) =>
    JSON.parse((await place.mlgit(["migrate", "git-lfs", "--json", ...args], { code, env })).stdout);
  const blob = async (place: Clone, name: string) => (await place.git(["cat-file", "blob", name])).stdout;
  const tip = async (place: Clone, name = "HEAD") => (await place.git(["rev-parse", name])).stdout.trim();
  beforeAll(async () => {
    team = await createTeam();
    work = await lfsProject(team);
  }, 240_000);
  afterAll(() => team.box.remove());

  it("says what it would do, refuses dirty trees, and changes nothing", async () => {
    await work.mlgit(["init", "-q"]);
    const before = await tip(work);
    expect(await migrate(work, ["-n"])).toMatchObject({ dryRun: true, files: 4, contents: { total: 3, copied: 3 } });
    expect(await migrate(work, ["-n", "--everything"])).toMatchObject({ files: 5, contents: { total: 4 }, history: 3 });
    work.write("readme.txt", "edited\n");
    expect((await work.mlgit(["migrate", "git-lfs"], { code: 11 })).stderr).toContain("readme.txt");
    await work.git(["checkout", "-q", "readme.txt"]);
    await work.mlgit(["migrate", "git-lfs", "--everything", "main"], { code: 2 });
    await work.mlgit(["migrate", "git-lfs", "--no-rewrite", "main"], { code: 2 });
    await work.mlgit(["migrate", "git-lfs", "nowhere"], { code: 2 });
    await work.mlgit(["migrate", "cvs"], { code: 2 });
    expect(await tip(work)).toBe(before);
    expect(await work.status()).toBe("");
  }, 120_000);

  it("makes one commit of the current tree and leaves files and git-lfs's objects where they are", async () => {
    const objects = () => readdirSync(join(work.top, ".git/lfs/objects"), { recursive: true }).sort();
    const before = objects();
    const report = await migrate(work, []);
    expect(report).toMatchObject({
      files: 4,
      commits: 1,
      missing: [],
      problems: [],
      contents: { copied: 3, fetched: 0 },
    });
    expect(report.notes.join("\n")).toContain('lockable: "odd name*"');
    expect(await blob(work, "HEAD:data/big.bin")).toBe(
      `version mlgit/1\noid sha256:${sha256(join(work.top, "data/big.bin"))}\nsize 1500000\n`,
    );
    expect(await blob(work, "HEAD:empty.bin")).toBe("");
    expect(await blob(work, "HEAD:.gitattributes")).toBe("*.bin filter=mlgit diff=mlgit -merge -text\n");
    expect(await blob(work, "HEAD:sub/.gitattributes")).toBe(
      '"odd name*" filter=mlgit diff=mlgit -merge -text lockable\n',
    );
    expect(await blob(work, "HEAD~:data/big.bin")).toContain("git-lfs");
    expect(work.read("data/big.bin").equals(big)).toBe(true);
    expect(await work.status()).toBe("");
    expect(objects()).toEqual(before);
    expect(await migrate(work, [])).toMatchObject({ commits: 0, notes: ["nothing here is git-lfs's"] });
  }, 120_000);

  it("fetches what is not here with git-lfs, verifies it, and goes on after kill -9", async () => {
    const bare = await clone("bare", true);
    expect(bare.read("data/big.bin").toString()).toContain("git-lfs");
    expect(await migrate(bare, ["--no-fetch"], 4)).toMatchObject({ complete: false, commit: null });
    await runAndKill(team.box, "lfs fetch", { args: ["migrate", "git-lfs"], cwd: bare.top });
    const [name = ""] = readdirSync(join(bare.top, ".git/lfs/objects"), { recursive: true, encoding: "utf8" }).filter(
      (one) => one.endsWith(sha256(join(work.top, "data/big.bin"))),
    );
    const object = join(bare.top, ".git/lfs/objects", name);
    rmSync(object);
    writeFileSync(object, randomBytes("lie", 1_500_000));
    const refused = await migrate(bare, ["--no-fetch"], 4);
    expect(refused.missing).toMatchObject([{ path: "data/big.bin", reason: expect.stringContaining("does not hold") }]);
    expect(await bare.status()).toBe("");
    writeFileSync(object, big);
    for (const word of ["write-tree", "update-ref"])
      await runAndKill(team.box, word, { args: ["migrate", "git-lfs", "--no-fetch"], cwd: bare.top });
    await bare.mlgit(["migrate", "git-lfs", "--no-fetch"]);
    expect((await bare.git(["log", "--format=%s"])).stdout).toBe(
      "Move files from git-lfs to mlgit\nmore\nwith git-lfs\nbefore git-lfs\n",
    );
    expect(bare.read("data/copy.bin").equals(big)).toBe(true);
    expect(await bare.status()).toBe("");
  }, 240_000);

  it("leaves what is nowhere as it is when that is asked for, and does it when it turns up", async () => {
    const partial = await clone("partial", true);
    partial.write(`.git/lfs/objects/${"ab"}/x`, "");
    const oid = sha256(join(work.top, "data/big.bin"));
    const place = `.git/lfs/objects/${oid.slice(0, 2)}/${oid.slice(2, 4)}/${oid}`;
    partial.write(place, big);
    const report = await migrate(partial, ["--no-fetch", "--allow-missing"], 1);
    expect(report).toMatchObject({ files: 2, commits: 1, contents: { copied: 1 } });
    expect(report.missing.map((one: { path: string }) => one.path)).toEqual(["changes.bin", "sub/odd name.dat"]);
    expect(await blob(partial, "HEAD:changes.bin")).toContain("git-lfs");
    // git looks at them again: another tool's pointer under a path that mlgit tracks is never taken for the data.
    utimesSync(join(partial.top, "changes.bin"), 1, 1);
    expect(await partial.status()).toBe("");
    for (const add of [
      ["add", "--renormalize", "."],
      ["mlgit", "add", "."],
      ["hash-object", "-w", "changes.bin"],
    ])
      await partial.git(add);
    expect(await partial.status()).toBe("");
    expect(JSON.parse((await partial.mlgit(["doctor", "--json"], { code: 1 })).stdout).findings).toContainEqual(
      expect.objectContaining({ check: "git-lfs", message: expect.stringContaining("2 tracked files are pointers") }),
    );
    expect(await migrate(partial, [])).toMatchObject({ files: 2, commits: 1, contents: { fetched: 2 } });
    expect(partial.read("changes.bin").toString()).toBe("newer\n");
    expect(await partial.status()).toBe("");
  }, 120_000);

  it("rewrites history with the same oids, keeps the old one, and survives kill -9", async () => {
    const whole = await clone("whole");
    await whole.git(["branch", "-q", "side", "origin/side"]);
    const before = await Promise.all(["main", "side", "v1", "main~2"].map((name) => tip(whole, name)));
    for (const word of ["unpack-objects", "update-ref"])
      await runAndKill(team.box, word, { args: ["migrate", "git-lfs", "--everything"], cwd: whole.top });
    await whole.mlgit(["migrate", "git-lfs", "--everything", "--object-map", "map.txt"]);
    expect(await whole.status()).toBe("");
    expect((await whole.git(["log", "--format=%s %an %ad", "main"])).stdout).toBe(
      (await whole.git(["log", "--format=%s %an %ad", "refs/mlgit/original/heads/main"])).stdout,
    );
    expect(await tip(whole, "main~2")).toBe(before[3]);
    expect(
      await Promise.all(
        ["heads/main", "heads/side", "tags/v1"].map((name) => tip(whole, `refs/mlgit/original/${name}`)),
      ),
    ).toEqual(before.slice(0, 3));
    expect(await blob(whole, "v1:changes.bin")).toContain("version mlgit/1\noid sha256:");
    expect((await whole.git(["cat-file", "tag", "v1"])).stdout).toContain("\ntagger C O Mitter");
    expect(await tip(whole, "v1^{commit}")).toBe(await tip(whole, "side"));
    expect(
      (
        await whole.git([
          "log",
          "--all",
          "--format=%H",
          "-S",
          "git-lfs.github.com",
          "main",
          "side",
          "--not",
          "--glob=refs/mlgit",
          "--remotes",
        ])
      ).stdout,
    ).toBe("");
    await whole.git(["push", "-qf", "origin", "main:new", "side:new-side"]);
    const fresh = team.at(team.box.path("fresh"));
    await team.box.git(["clone", "-q", "-b", "new-side", team.remote, fresh.top]);
    expect(fresh.read("changes.bin").equals(old)).toBe(true);
    expect(fresh.read("sub/odd name.dat").toString()).toBe("odd");
    await whole.git(["fsck", "--full"]);
  }, 240_000);

  it("asks a store whether it still has what it had, before it leaves that out", async () => {
    const { path } = team.box;
    const late = await clone("late", true);
    await late.mlgit(["fetch", "--all"]);
    await late.mlgit(["prune", "--keep", "unpushed"]);
    const dry = ["-n", "--no-fetch", "--everything"];
    expect(await migrate(late, dry)).toMatchObject({ contents: { here: 4 }, missing: [] });
    // What is known of it here is as it was.
    renameSync(join(team.remote, "mlgit/index"), path("index"));
    const report = await migrate(late, dry, 4);
    expect(report).toMatchObject({ contents: { here: 0 } });
    expect(report.missing).toHaveLength(4);
    renameSync(path("index"), join(team.remote, "mlgit/index"));
  }, 240_000);
});
