import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { findRepository } from "../../src/git/repository.ts";

describe("finding the repository", () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "mlgit-found-")));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const git = (cwd: string, ...args: string[]) =>
    execFileSync("git", args, { cwd, env: { ...process.env }, encoding: "utf8" });
  const said = (cwd: string, question: string) => git(cwd, "rev-parse", question).replace(/\n$/, "");
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"];

  function make(name: string, ...options: string[]): string {
    git(root, "init", "-q", ...options, name);
    return join(root, name);
  }

  /** Where reading files takes the place of asking git, the answer is git's. */
  async function expectGits(cwd: string, workTree = said(cwd, "--show-toplevel")): Promise<void> {
    expect(await findRepository(cwd)).toEqual({
      workTree,
      gitDir: said(cwd, "--absolute-git-dir"),
      commonDir: resolve(cwd, said(cwd, "--git-common-dir")),
      objectFormat: said(cwd, "--show-object-format"),
      prefix: said(cwd, "--show-prefix"),
    });
  }

  it("says what git says of ordinary ones, folders in them, SHA-256 and linked worktrees", async () => {
    const plain = make("plain");
    mkdirSync(join(plain, "folder"));
    git(plain, ...identity, "commit", "-q", "--allow-empty", "-m", "one");
    git(plain, "worktree", "add", "-q", join(root, "linked"));
    for (const cwd of [plain, join(plain, "folder"), join(root, "linked"), make("sha256", "--object-format=sha256")])
      await expectGits(cwd);
  });

  it("says what git says where the repository is named, as in a clone", async () => {
    const [plain, other] = [make("named"), make("other")];
    mkdirSync(join(plain, "folder"));
    try {
      for (const named of [plain, other]) {
        process.env.GIT_DIR = join(named, ".git");
        for (const cwd of [plain, join(plain, "folder")]) await expectGits(cwd);
      }
    } finally {
      delete process.env.GIT_DIR;
    }
  });

  it("says with git's words and advice that git does not trust its owner", async () => {
    const folder = join(make("foreign"), "folder");
    mkdirSync(folder);
    process.env.GIT_TEST_ASSUME_DIFFERENT_OWNER = "1";
    try {
      await expect(findRepository(folder)).rejects.toMatchObject({
        message: expect.stringContaining("dubious ownership"),
        hint: expect.stringMatching(/^if you trust it: git config --global --add safe\.directory .*foreign$/),
      });
    } finally {
      delete process.env.GIT_TEST_ASSUME_DIFFERENT_OWNER;
    }
  });

  it("says what git says where a setting, an included file or a link moves something", async () => {
    const moved = make("moved");
    mkdirSync(join(root, "elsewhere"));
    git(moved, "config", "core.worktree", join(root, "elsewhere"));
    await expectGits(moved);
    const including = make("including");
    appendFileSync(join(including, ".git/config"), `[include]\n\tpath = ${join(root, "more")}\n`);
    await expectGits(including);
    symlinkSync(including, join(root, "link"));
    await expectGits(join(root, "link"));
  });

  it("takes a repository that is called bare for one, and no folder that only looks like one", async () => {
    const bare = make("bare");
    git(bare, "config", "core.bare", "true");
    expect((await findRepository(bare)).workTree).toBeUndefined();
    mkdirSync(join(root, "no/.git"), { recursive: true });
    await expect(findRepository(join(root, "no"))).rejects.toMatchObject({ kind: "setup" });
  });

  it("follows GIT_DIR", async () => {
    const [here, there] = [make("here"), make("there")];
    process.env.GIT_DIR = join(there, ".git");
    try {
      expect((await findRepository(here)).gitDir).toBe(join(there, ".git"));
    } finally {
      delete process.env.GIT_DIR;
    }
  });
});
