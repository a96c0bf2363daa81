import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { decodeRoot, encodeRoot } from "../../src/remote-helper/root.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { createStoreRemote } from "../helper/store-remote.ts";

// Each step starts several programs, and the machine may be busy.
jest.setTimeout(240_000);

describe("git mlgit remote", () => {
  const box = createStoreRemote();
  afterAll(() => box.remove());
  const remote = (...args: string[]) => box.mlgit(["remote", ...args], { cwd: box.path("a"), code: "any" });
  const json = async (...args: string[]) => JSON.parse((await remote(...args, "--json")).stdout);
  const folder = (name: string) => box.path("bucket/project/git", name);
  const damage = (path: string) => {
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    chmodSync(path, 0o600);
    writeFileSync(path, bytes);
  };

  beforeAll(async () => {
    await box.first("a");
    await box.in("a", "push", "-q", "-u", "origin", "main");
    for (let i = 0; i < 18; i++) {
      await box.in("a", "commit", "-q", "--allow-empty", "-m", `empty ${i}`);
      await box.in("a", "push", "-q");
    }
  });

  it("tells what is there, after pushes have joined their packs", async () => {
    const info = await json("info", "origin");
    expect(info).toMatchObject({ scheme: "log", head: "refs/heads/main", refs: 1 });
    // Three in the root, and few others.
    expect(info.packs).toBeLessThanOrEqual(6);
    expect((await remote("info")).stdout).toContain("HEAD refs/heads/main");
  });

  it("serves clones and those who are behind from joined packs", async () => {
    await box.clone("b");
    expect(await box.in("b", "rev-list", "--count", "HEAD")).toBe("19");
    await box.in("b", "fsck", "--strict");
  });

  it("finds all well, and collects into one pack that serves as before", async () => {
    expect((await remote("fsck", "origin")).stdout).toContain("all is well");
    const report = await json("gc", "--grace", "0", "origin");
    expect(report.packs).toBe(1);
    expect(report.removed).toBeGreaterThan(2);
    rmSync(box.path("home/.cache"), { recursive: true });
    await box.clone("c");
    expect(await box.in("c", "rev-list", "--count", "HEAD")).toBe("19");
    await box.in("b", "fetch", "-q");
    await box.commit("b", "after", "gc");
    await box.in("b", "push", "-q");
  });

  it("says which pack is damaged, and restores it from a clone", async () => {
    await box.in("a", "pull", "-q");
    const packs = readdirSync(folder("packs")).map((name) => join(folder("packs"), name));
    const largest = packs.sort((x, y) => statSync(y).size - statSync(x).size)[0]!;
    damage(largest);
    rmSync(box.path("home/.cache"), { recursive: true });
    const clone = await box.git(["clone", box.url, box.path("d")], { code: "any" });
    expect(clone.code).not.toBe(0);
    expect(clone.stderr).toContain("git mlgit remote fsck");
    const found = await remote("fsck", "origin");
    expect(found.code).toBe(5);
    expect(found.stderr).toContain("is damaged");
    expect((await remote("fsck", "--fix", "origin")).stdout).toContain("restored");
    expect((await remote("fsck", "origin")).stdout).toContain("all is well");
    await box.clone("d");
    expect(await box.in("d", "rev-parse", "HEAD")).toBe(await box.in("a", "rev-parse", "HEAD"));
  });

  it("says what to do about a pack that is lost, and about refs whose commits are not there", async () => {
    // Too long for the root, and not yet in d.
    await box.commit("a", "long", randomBytes("long", 9000));
    await box.in("a", "push", "-q");
    cpSync(box.path("bucket"), box.path("whole"), { recursive: true });
    rmSync(box.path("home/.cache"), { recursive: true });
    rmSync(folder("packs"), { recursive: true });
    for (const said of [
      await box.attempt("d", "fetch"),
      await box.git(["clone", box.url, box.path("x")], { code: "any" }),
    ])
      expect(said.stderr).toMatch(/lists is gone: [\s\S]*git\/packs\/[\s\S]*hint: .*git mlgit remote fsck --fix/);
    cpSync(box.path("whole"), box.path("bucket"), { recursive: true });
    const newest = join(folder("log"), readdirSync(folder("log")).sort()[0]!);
    const root = decodeRoot(readFileSync(newest), "there");
    chmodSync(newest, 0o600);
    // As a bucket has it that was put back in part.
    const refs = new Map([...root.refs, ["refs/heads/ahead", "1".repeat(40)]]);
    writeFileSync(newest, encodeRoot({ ...root, refs }));
    for (const said of [
      await box.attempt("d", "fetch"),
      await box.git(["clone", box.url, box.path("x")], { code: "any" }),
    ])
      expect(said.stderr).toMatch(/1{40} of refs\/heads\/ahead is not there[\s\S]*hint: .*git mlgit remote fsck --fix/);
    rmSync(box.path("bucket"), { recursive: true });
    cpSync(box.path("whole"), box.path("bucket"), { recursive: true });
    await box.in("d", "fetch", "-q");
  });

  it("restores a root that is damaged or gone, and refuses to take the place for an empty one", async () => {
    for (const name of readdirSync(folder("log"))) damage(join(folder("log"), name));
    expect((await box.attempt("a", "fetch")).stderr).toContain("damaged");
    expect((await remote("fsck", "--fix", "origin")).stdout).toContain("restored");
    await box.in("a", "fetch", "-q");
    rmSync(folder("log"), { recursive: true });
    const push = await box.attempt("a", "push", "origin", "HEAD:refs/heads/x");
    expect(push.code).not.toBe(0);
    expect(push.stderr).toContain("is gone");
    expect((await remote("fsck", "--fix", "origin")).stdout).toContain("restored");
    await box.in("d", "fetch", "-q");
    await box.clone("e");
    await box.commit("e", "more", "more");
    await box.in("e", "push", "-q");
    await box.in("d", "pull", "-q");
    expect(await box.in("d", "rev-parse", "HEAD")).toBe(await box.in("e", "rev-parse", "HEAD"));
  });

  it("chooses the branch that clones check out", async () => {
    await box.in("e", "push", "-q", "origin", "HEAD:refs/heads/next");
    expect((await remote("head", "origin", "nowhere")).code).toBe(2);
    await remote("head", "origin", "next");
    expect(await box.in("e", "ls-remote", "--symref", "origin", "HEAD")).toContain("ref: refs/heads/next");
    expect((await box.attempt("e", "push", "origin", ":refs/heads/next")).stderr).toContain(
      "current branch prohibited",
    );
  });

  it("keeps protected branches from being rewritten, also by force", async () => {
    await remote("protect", "origin", "main", "release-*");
    const forced = await box.attempt("e", "push", "--force", "origin", "HEAD~1:main");
    expect(forced.stderr).toContain("protected by git mlgit remote protect");
    expect((await box.attempt("e", "push", "origin", ":main")).stderr).toContain("protected");
    expect((await remote("protect", "--remove", "origin", "main")).stdout).toContain("release-*");
    await box.in("e", "push", "-q", "--force", "origin", "HEAD~1:main");
  });

  it("says when the repository went back to an older state", async () => {
    cpSync(folder("log"), box.path("older"), { recursive: true });
    await box.commit("e", "newer", "newer");
    await box.in("e", "push", "-q", "--force", "origin", "HEAD:main");
    await box.in("e", "fetch", "-q");
    rmSync(folder("log"), { recursive: true });
    cpSync(box.path("older"), folder("log"), { recursive: true });
    expect((await box.attempt("e", "fetch")).stderr).toMatch(/went back from generation \d+ to \d+/);
    const again = await box.attempt("e", "push", "--force", "origin", "HEAD:main");
    expect(again.code).toBe(0);
    await box.in("a", "fetch", "-q");
    expect(await box.in("a", "rev-parse", "origin/main")).toBe(await box.in("e", "rev-parse", "HEAD"));
  });

  it("brings a wiped prefix back, refs and data, from what a clone has", async () => {
    const before = await box.in("a", "ls-remote", "origin");
    for (const name of readdirSync(box.path("bucket/project")))
      rmSync(box.path("bucket/project", name), { recursive: true });
    expect((await box.attempt("a", "fetch")).stderr).toContain("there was one");
    const found = await remote("fsck", "origin");
    expect(found.code).toBe(5);
    expect((await remote("fsck", "--fix", "origin")).stdout).toContain("restored");
    expect((await remote("fsck", "origin")).stdout).toMatch(
      /^\d+ refs?, [1-9]\d* packs?, [1-9]\d* objects?: all is well$/m,
    );
    expect((await box.in("a", "ls-remote", "origin", "refs/*")).split("\n").sort()).toEqual(
      before
        .split("\n")
        .filter((line) => line.includes("refs/"))
        .sort(),
    );
    rmSync(box.path("home/.cache"), { recursive: true });
    await box.clone("f");
    expect(box.read("f/data.bin").equals(box.read("a/data.bin"))).toBe(true);
  });

  it("says what to do about a remote that is none of ours", async () => {
    await box.in("a", "remote", "add", "other", "https://example.com/x.git");
    const { code, stderr } = await remote("info", "other");
    expect(code).toBe(3);
    expect(stderr).toContain("no mlgit:: remote");
  });
});
