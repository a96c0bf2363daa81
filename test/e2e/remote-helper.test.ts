import { existsSync, readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { createStoreRemote } from "../helper/store-remote.ts";

// Each step starts several programs, and the machine may be busy.
jest.setTimeout(240_000);

describe("a git remote in a store", () => {
  const box = createStoreRemote();
  afterAll(() => box.remove());

  it("has no repository before the first push, and says so", async () => {
    await box.first("a");
    const { code, stderr } = await box.attempt("a", "ls-remote", "origin");
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/folder does not exist|no git repository/);
  });

  it("takes data and refs in one push, without hooks, and gives them to a clone", async () => {
    await box.in("a", "push", "-q", "--no-verify", "-u", "origin", "main");
    await box.clone("b");
    expect(box.read("b/data.bin").equals(box.read("a/data.bin"))).toBe(true);
    expect(await box.in("b", "status", "--porcelain")).toBe("");
    expect(await box.in("b", "rev-parse", "origin/HEAD")).toBe(await box.in("a", "rev-parse", "HEAD"));
  });

  it("rejects what is behind with git's own words, and takes it after a pull", async () => {
    await box.commit("b", "b", "b");
    await box.in("b", "push", "-q");
    await box.commit("a", "a", "a");
    const late = await box.attempt("a", "push");
    expect(late.code).toBe(1);
    expect(late.stderr).toContain("(fetch first)");
    await box.in("a", "pull", "-q", "--rebase");
    await box.in("a", "push", "-q");
    expect(await box.in("a", "ls-remote", "origin", "main")).toContain(await box.in("a", "rev-parse", "HEAD"));
  });

  it("keeps a lease", async () => {
    const before = await box.in("a", "rev-parse", "HEAD~1");
    const stale = await box.attempt("a", "push", `--force-with-lease=main:${before}`, "origin", "HEAD~1:main");
    expect(stale.stderr).toContain("(stale info)");
    const head = await box.in("a", "rev-parse", "HEAD");
    await box.in("a", "push", "-q", `--force-with-lease=main:${head}`, "origin", "HEAD~1:main");
    expect(await box.in("a", "ls-remote", "origin", "main")).toContain(before);
    await box.in("a", "push", "-q", "origin", "main");
  });

  it("deletes branches, and brings annotated tags along", async () => {
    await box.in("a", "push", "-q", "origin", "HEAD:refs/heads/x");
    await box.in("a", "push", "-q", "origin", ":refs/heads/x");
    await box.in("a", "tag", "-a", "-m", "one", "v1");
    await box.in("a", "push", "-q", "--follow-tags");
    const listed = await box.in("a", "ls-remote", "origin");
    expect(listed).not.toContain("refs/heads/x");
    expect(listed).toContain("refs/tags/v1^{}");
  });

  it("makes shallow clones, and completes them", async () => {
    await box.clone("c", "--depth", "1");
    expect(await box.in("c", "rev-list", "--count", "HEAD")).toBe("1");
    await box.in("c", "fetch", "-q", "--unshallow");
    expect(await box.in("c", "rev-list", "--count", "HEAD")).toBe(await box.in("a", "rev-list", "--count", "HEAD"));
    await box.in("c", "fsck", "--strict");
  });

  it("lets four writers land", async () => {
    const names = Array.from({ length: 4 }, (_, i) => `w${i}`);
    await Promise.all(
      names.map(async (name) => {
        await box.clone(name);
        await box.commit(name, `only-${name}`, name);
        for (let i = 0; i < 30; i++) {
          if ((await box.attempt(name, "push", "-q")).code === 0) return;
          await box.in(name, "pull", "-q", "--rebase");
        }
        throw new Error(`${name} never landed`);
      }),
    );
    await box.clone("all");
    expect(readdirSync(box.path("all")).filter((name) => name.startsWith("only-"))).toHaveLength(4);
  });
});

describe("a push whose data is nowhere", () => {
  const box = createStoreRemote();
  beforeAll(async () => {
    await box.first("a");
  });
  afterAll(() => box.remove());

  it("is refused with the paths, and moves nothing", async () => {
    box.write("a/lost.bin", `version mlgit/1\noid sha256:${"0".repeat(63)}1\nsize 5\n`);
    await box.in("a", "add", "lost.bin");
    await box.in("a", "commit", "-qm", "lost");
    const { code, stderr } = await box.attempt("a", "push", "--no-verify", "origin", "main");
    expect(code).toBe(1);
    expect(stderr).toContain("lost.bin");
    expect(stderr).toContain("[remote rejected] main -> main (data is missing)");
    expect(await box.in("a", "ls-remote", "origin")).toBe("");
    expect(existsSync(box.path("bucket/project/git/packs"))).toBe(false);
  });
});
