import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { systemCode } from "../../src/error/mlgit-error.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { mountSmallDisk } from "../helper/small-disk.ts";
import { type Clone, createTeam, type Team } from "../helper/team.ts";

// Each starts git and mlgit dozens of times.
jest.setTimeout(180_000);

/** What of a store is named after what it contains. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Writes until nothing more goes onto the disk. */
function fillDisk(path: string): void {
  for (const size of [65_536, 4096])
    try {
      for (;;) appendFileSync(path, Buffer.alloc(size));
    } catch (error) {
      if (systemCode(error) !== "ENOSPC") throw error;
    }
}

describe("git mlgit gc of a store that two repositories use", () => {
  let team: Team;
  let ours: Clone;
  let theirs: Clone;
  const store = () => team.box.path("store");
  const packs = () => filesIn(join(store(), "packs"));
  const users = () => filesIn(join(store(), "gc")).filter((path) => path.includes("/users/"));
  const collect = (...args: string[]) => ours.mlgit(["gc", "--grace", "0", ...args]);

  async function repository(name: string): Promise<Clone> {
    const remote = team.box.path(`${name}.git`);
    await team.box.git(["init", "-q", "--bare", "-b", "main", remote]);
    await team.box.git(["clone", "-q", remote, team.box.path(name)]);
    const clone = team.at(team.box.path(name));
    await clone.git(["symbolic-ref", "HEAD", "refs/heads/main"]);
    await clone.mlgit(["init"]);
    await clone.mlgit(["store", "add", "shared", store()]);
    await clone.mlgit(["track", "*.bin"]);
    clone.write(`${name}.bin`, randomBytes(name, 700_000));
    await clone.commit(name);
    await clone.git(["push", "-q", "origin", "main"]);
    return clone;
  }

  /** As somebody else sees it. */
  async function isFetched(name: string): Promise<boolean> {
    rmSync(team.box.path("check"), { recursive: true, force: true });
    await team.box.git(["clone", "-q", team.box.path(`${name}.git`), team.box.path("check")], { code: "any" });
    return team.box.read(`check/${name}.bin`).equals(randomBytes(name, 700_000));
  }

  beforeEach(async () => {
    team = await createTeam();
    team.box.write("store/.keep", "");
    ours = await repository("ours");
    theirs = await repository("theirs");
  });
  afterEach(() => team.box.remove());

  it("refuses, names the other one, and marks nothing", async () => {
    const before = filesIn(store());
    for (const option of [[], ["--dry-run"]]) {
      const { stderr } = await ours.mlgit(["gc", "--grace", "0", ...option], { code: 11 });
      expect(stderr).toContain(`${team.box.path("theirs.git")} uses the store, too`);
    }
    expect(filesIn(store())).toEqual(before);
    expect(users()).toHaveLength(2);
  });

  it("keeps what the other one needs when its refs are counted", async () => {
    await ours.git(["fetch", "-q", team.box.path("theirs.git"), "main"]);
    for (let i = 0; i < 2; i++) await collect("--ref-from", team.box.path("theirs.git"));
    expect(packs()).toHaveLength(2);
    // A remote that is configured is counted without being named, though its store is another one by now.
    await ours.git(["remote", "add", "theirs", `file://${team.box.path("theirs.git")}`]);
    await ours.git(["fetch", "-q", "theirs"]);
    await ours.git(["config", "remote.theirs.mlgitStore", "other"]);
    team.box.write("other/.keep", "");
    await ours.mlgit(["store", "add", "other", team.box.path("other")]);
    await ours.git(["config", "mlgit.defaultStore", "shared"]);
    for (let i = 0; i < 2; i++) await collect("origin");
    expect(packs()).toHaveLength(2);
    expect(await isFetched("theirs")).toBe(true);
  });

  it("collects what only that one needed once it is said to use the store no more", async () => {
    const { stderr } = await ours.mlgit(["gc", "--forget", "/no/such/remote"], { code: 2 });
    expect(stderr).toContain("says that /no/such/remote uses it");
    const foretold = JSON.parse(
      (await ours.mlgit(["gc", "--json", "--dry-run", "--forget", team.box.path("theirs.git")])).stdout,
    );
    expect(foretold).toMatchObject({ dryRun: true, marked: 1, users: [team.box.path("ours.git")] });
    expect(users()).toHaveLength(2);
    await collect("--forget", team.box.path("theirs.git"));
    await collect();
    expect(packs()).toHaveLength(1);
    expect(users()).toHaveLength(1);
    expect(await isFetched("ours")).toBe(true);
  });

  it("forgets nobody while something else is in the way, so that the same command can be run again", async () => {
    await ours.git(["remote", "add", "gone", team.box.path("gone.git")]);
    const forget = ["gc", "--forget", team.box.path("theirs.git")];
    expect((await ours.mlgit(forget, { code: 11 })).stderr).toContain("the refs of gone cannot be listed");
    expect(users()).toHaveLength(2);
    await ours.git(["remote", "remove", "gone"]);
    await ours.mlgit(forget);
    expect(users()).toHaveLength(1);
  });

  it("does not take the refs of a remote for those of another one that its pushes go to", async () => {
    await ours.git(["remote", "set-url", "--push", "origin", team.box.path("theirs.git")]);
    await ours.git(["remote", "set-url", "--push", "--add", "origin", team.box.path("ours.git")]);
    const { stderr } = await ours.mlgit(["gc", "--grace", "0"], { code: 11 });
    expect(stderr).toContain(`1 ref of ${team.box.path("theirs.git")} is not here: git remote add <name>`);
    await ours.git(["remote", "add", "theirs", team.box.path("theirs.git")]);
    await ours.git(["fetch", "-q", "theirs"]);
    for (let i = 0; i < 2; i++) await collect();
    expect(await isFetched("theirs")).toBe(true);
  });

  it("is noted for each place that a push goes to, and does not ask one that nobody pushes to", async () => {
    for (const note of users()) rmSync(note);
    rmSync(join(ours.top, ".git/mlgit/journal/users"));
    for (const name of ["one.git", "two.git"]) {
      await team.box.git(["init", "-q", "--bare", team.box.path(name)]);
      await ours.git([
        "remote",
        "set-url",
        "--push",
        ...(name === "one.git" ? [] : ["--add"]),
        "origin",
        team.box.path(name),
      ]);
    }
    await ours.git(["push", "-q", "origin", "main"]);
    const named = users().map((path) => readFileSync(path, "utf8").trim());
    expect(named.sort()).toEqual([team.box.path("one.git"), team.box.path("two.git")]);
    await ours.git(["config", "--replace-all", "remote.origin.pushurl", "no_push"]);
    const forget = ["one.git", "two.git"].flatMap((name) => ["--forget", team.box.path(name)]);
    await ours.mlgit(["gc", ...forget]);
    expect(users()).toEqual([]);
  });

  it("does not pass over a note that is damaged", async () => {
    const [note = ""] = users().filter((path) => readFileSync(path, "utf8").includes("theirs"));
    rmSync(note);
    writeFileSync(note, "garbage");
    const { stderr } = await ours.mlgit(["gc"], { code: 11 });
    expect(stderr).toContain("cannot be told");
  });

  it("is noted again by the next push after the note was lost for days, and by one that uploads nothing", async () => {
    for (const note of users()) rmSync(note);
    const journal = join(theirs.top, ".git/mlgit/journal/users");
    writeFileSync(journal, readFileSync(journal, "utf8").replace(/^\d+/, "1000000000000"));
    const before = packs();
    theirs.write("copy.bin", randomBytes("ours", 700_000));
    await theirs.commit("what the store has");
    await theirs.git(["push", "-q", "origin", "main"]);
    expect(users()).toHaveLength(1);
    expect(packs()).toEqual(before);
  });

  it("is not noted for what is pushed into the clone itself", async () => {
    ours.write("more.bin", randomBytes("more", 700_000));
    const more = await ours.commit("more");
    await ours.git(["reset", "-q", "--hard", "HEAD~1"]);
    for (const place of [".", ours.top, `${ours.top}/.git`]) {
      await ours.git(["push", "-q", place, `${more}:refs/heads/side`]);
      await ours.git(["branch", "-q", "-D", "side"]);
      await ours.mlgit(["push", place]);
    }
    await ours.git(["worktree", "add", "-q", team.box.path("beside")]);
    await team.at(team.box.path("beside")).mlgit(["push", "."]);
    expect(users()).toHaveLength(2);
  });

  it("goes on where the disk of the store is full if it is noted there already, and says else why it does not", async () => {
    team.box.write("small/.keep", "");
    const disk = mountSmallDisk(team.box.path("small"), 8);
    if (!disk) return;
    try {
      await ours.git(["config", "mlgit.store.shared.url", `file://${team.box.path("small")}`]);
      await ours.mlgit(["push"]);
      fillDisk(team.box.path("small/filling"));
      const forgetNote = () => rmSync(join(ours.top, ".git/mlgit/journal/users"));
      forgetNote();
      await ours.git(["commit", "-q", "--allow-empty", "-m", "nothing"]);
      await ours.git(["push", "-q", "origin", "main:again"]);
      await ours.mlgit(["push"]);
      for (const note of filesIn(team.box.path("small/gc"))) rmSync(note);
      fillDisk(team.box.path("small/rest"));
      const { stderr } = await ours.mlgit(["push"], { code: 8 });
      expect(stderr).toContain(`that ${team.box.path("ours.git")} uses it: `);
      expect(stderr).toContain("without the note a collection in another repository would delete");
    } finally {
      disk.unmount();
    }
  });

  it("is counted where the data was copied to", async () => {
    team.box.write("mirror/.keep", "");
    await ours.mlgit(["store", "add", "mirror", team.box.path("mirror")]);
    await ours.mlgit(["store", "sync", "shared", "mirror"]);
    const copied = filesIn(team.box.path("mirror/gc")).map((path) => readFileSync(path, "utf8").trim());
    expect(copied.sort()).toEqual([team.box.path("ours.git"), team.box.path("theirs.git")]);
  });
});
