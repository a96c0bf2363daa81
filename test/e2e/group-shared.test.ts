import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createSandbox, type RunOptions, randomBytes, type Sandbox } from "../helper/sandbox.ts";

const group = 2000;

/** Only root can be two others. */
const isRoot = process.getuid?.() === 0;

describe("two users of a group", () => {
  let box: Sandbox;
  beforeEach(async () => {
    box = createSandbox();
    await box.mlgit(["install"]);
    await box.git(["config", "--global", "safe.directory", "*"]);
    for (const path of [box.root, box.home]) chmodSync(path, 0o755);
    mkdirSync(box.path("shared"));
    chownSync(box.path("shared"), 0, group);
    chmodSync(box.path("shared"), 0o2775);
    if (!isRoot) console.warn("only root can act for two users; these tests do nothing");
  });
  afterEach(() => box.remove());

  /** git as one of the two: `anna` or `ben`, with a umask. */
  function as(user: "anna" | "ben", umask: string) {
    const id = user === "anna" ? "1001" : "1002";
    const words = [`--reuid=${id}`, `--regid=${id}`, `--groups=${id},${group}`];
    return (args: readonly string[], options?: RunOptions) =>
      box.run("setpriv", [...words, "sh", "-c", 'umask "$0"; exec git "$@"', umask, ...args], options);
  }

  function makeHome(user: "anna" | "ben"): string {
    const path = box.path(user);
    mkdirSync(path);
    const id = user === "anna" ? 1001 : 1002;
    chownSync(path, id, id);
    return path;
  }

  for (const umask of ["022", "077"])
    it(`share a cache and a store, with umask ${umask}`, async () => {
      if (!isRoot) return;
      const [anna, ben] = [as("anna", umask), as("ben", umask)];
      const cache = ["-c", `mlgit.cache=${box.path("shared/cache")}`];
      await anna(["init", "-q", "--bare", "--shared=group", "shared/r.git"]);
      await anna(["clone", "-q", ...cache, box.path("shared/r.git"), "work"], { cwd: makeHome("anna") });
      const work = { cwd: box.path("anna/work") };
      await anna(["mlgit", "init"], work);
      await anna(["mlgit", "track", "data/**"], work);
      box.write("anna/work/data/large", randomBytes("large", 1_200_000));
      box.write("anna/work/data/small", "small");
      chownSync(box.path("anna/work/data"), 1001, 1001);
      await anna(["add", "-A"], work);
      await anna(["commit", "-qm", "first"], work);
      await anna(["push", "-q", "origin", "HEAD:main"], work);

      await ben(["clone", "-q", ...cache, "-b", "main", box.path("shared/r.git"), "work"], { cwd: makeHome("ben") });
      const other = { cwd: box.path("ben/work") };
      expect(box.read("ben/work/data/small").toString()).toBe("small");
      box.write("ben/work/data/large", randomBytes("other", 1_200_000));
      box.write("ben/work/data/again", "small");
      box.write("ben/work/data/new", "new");
      await ben(["add", "-A"], other);
      await ben(["commit", "-qm", "second"], other);
      await ben(["push", "-q"], other);

      await anna(["fetch", "-q", "origin"], work);
      const merged = await anna(["merge", "-q", "origin/main"], work);
      expect(merged.stderr).toBe("");
      expect(box.read("anna/work/data/new").toString()).toBe("new");
      expect((await anna(["mlgit", "fsck", "--store"], work)).stdout).toContain("Everything is right");
      await anna(["mlgit", "prune"], work);
    });

  it("check out in turn in one repository, and each one's push sends the data", async () => {
    if (!isRoot) return;
    const [anna, ben] = [as("anna", "077"), as("ben", "077")];
    await anna(["init", "-q", "--bare", "--shared=group", "shared/r.git"]);
    await anna(["init", "-q", "--shared=group", "shared/work"]);
    chmodSync(box.path("shared/work"), 0o2775);
    const work = { cwd: box.path("shared/work") };
    await anna(["mlgit", "init"], work);
    await anna(["mlgit", "track", "*.bin"], work);
    for (const [i, size] of [1_200_000, 1_300_000].entries()) {
      box.write("shared/work/a.bin", randomBytes(i, size));
      await anna(["add", "-A"], work);
      await anna(["commit", "-qm", `state ${i}`], work);
    }
    for (const user of [ben, anna, ben])
      for (const state of ["HEAD~1", "-"]) {
        const { stderr } = await user(["checkout", "-q", state], work);
        expect(stderr).toBe("");
        expect(box.read("shared/work/a.bin").length).toBe(state === "-" ? 1_300_000 : 1_200_000);
      }
    await ben(["push", "-q", "../r.git", "main"], work);
    const { stderr } = await box.git(["clone", "-q", "-b", "main", box.path("shared/r.git"), "fresh"]);
    expect(stderr).toBe("");
    expect(box.read("fresh/a.bin").length).toBe(1_300_000);
  });
});
