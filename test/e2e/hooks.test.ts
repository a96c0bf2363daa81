import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { ensureHooksSync } from "../../src/git/hook-install.ts";
import { findHookFolder } from "../../src/git/hook-state.ts";
import { findRepository } from "../../src/git/repository.ts";
import { projectRoot } from "../helper/build.ts";
import { createSandbox, type RunOptions } from "../helper/sandbox.ts";

describe("the hook shims under a real git", () => {
  const box = createSandbox();
  afterAll(() => box.remove());
  const logPath = box.path("log");
  const log = () => (existsSync(logPath) ? readFileSync(logPath, "utf8") : "");
  beforeEach(() => rmSync(logPath, { force: true }));
  const recorder = (name: string, exit: string) =>
    `#!/bin/sh\nprintf '%s\\n' "${name} $*" >>'${logPath}'\ncat | sed 's/^/${name}: /' >>'${logPath}'\nexit ${exit}\n`;
  const exec = (path: string, body: string) => box.run("chmod", ["+x", box.write(path, body)]);
  /** git with a git-mlgit that writes down how it was called. */
  const git = (args: string[], options: RunOptions = {}) =>
    box.git(args, {
      cwd: box.path("r"),
      ...options,
      env: { PATH: `${box.path("stub")}:${process.env.PATH}`, ...options.env },
    });
  const withoutUs: RunOptions = { env: { PATH: process.env.PATH ?? "" } };

  beforeAll(async () => {
    await exec("stub/git-mlgit", recorder("us", "$STUB_EXIT"));
    await box.init("r");
    await box.git(["init", "-q", "--bare", box.path("remote.git")]);
    // A hook of the user's own, which waits for real files.
    box.write("r/.git/hooks/post-checkout", "#!/bin/sh\n");
    chmodSync(box.path("r/.git/hooks/post-checkout"), 0o755);
    ensureHooksSync(await findHookFolder(await findRepository(box.path("r"))));
    box.write("r/.gitattributes", "*.bin filter=mlgit\n");
    await git(["add", "."]);
    await git(["commit", "-qm", "one"]);
    await git(["remote", "add", "origin", box.path("remote.git")]);
  });

  it("differ by nothing but their names where they only hydrate", () => {
    const text = (name: string) => readFileSync(`${projectRoot}/hooks/${name}`, "utf8").replace(`hook=${name}\n`, "");
    for (const name of ["post-merge", "post-index-change"]) expect(text(name)).toBe(text("post-checkout"));
  });

  it("start nothing after a checkout when the journal is empty, and once when it is not", async () => {
    await git(["checkout", "-q", "-b", "a"]);
    expect(log()).toBe("");
    box.write("r/.git/mlgit-deferred", "x");
    await git(["checkout", "-q", "-b", "b"]);
    expect(
      log()
        .split("\n")
        .filter((line) => line.startsWith("us post-checkout ")),
    ).toHaveLength(1);
    rmSync(box.path("r/.git/mlgit-deferred"));
  });

  it("leave it to the filter where no hook of the user's own waits for files, unless it was killed", async () => {
    rmSync(box.path("r/.git/hooks/post-checkout.before-mlgit"));
    box.write("r/.git/mlgit-deferred", "x");
    box.write("r/.git/mlgit-filter", `${process.pid}\n`);
    await git(["checkout", "-q", "-b", "alone"]);
    expect(log()).toBe("");
    box.write("r/.git/mlgit-filter", `${spawnSync("true").pid}\n`);
    await git(["checkout", "-q", "-b", "killed"]);
    expect(log()).toContain("us post-checkout ");
    rmSync(logPath);
    // Ended, and nobody waits for it.
    const parent = spawn("sh", ["-c", "true & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
    box.write("r/.git/mlgit-filter", String(await once(parent.stdout, "data")));
    await git(["checkout", "-q", "-b", "zombie"]);
    parent.kill();
    expect(log()).toContain("us post-checkout ");
    rmSync(logPath);
    // A list that somebody took and did not finish.
    renameSync(box.path("r/.git/mlgit-deferred"), box.path("r/.git/mlgit-deferred.1-x"));
    await git(["checkout", "-q", "-b", "taken"]);
    expect(log()).toContain("us post-checkout ");
    rmSync(logPath);
    box.write("r/.git/hooks/post-checkout.before-mlgit", "#!/bin/sh\n");
    chmodSync(box.path("r/.git/hooks/post-checkout.before-mlgit"), 0o755);
    rmSync(box.path("r/.git/mlgit-deferred.1-x"));
  });

  it("look at the journal of the worktree they run in", async () => {
    await git(["worktree", "add", "-q", box.path("linked"), "main"]);
    const cwd = box.path("linked");
    box.write("r/.git/mlgit-deferred", "x");
    await git(["checkout", "-q", "-b", "c"], { cwd });
    expect(log()).toBe("");
    rmSync(box.path("r/.git/mlgit-deferred"));
    box.write("r/.git/worktrees/linked/mlgit-deferred", "x");
    await git(["checkout", "-q", "-b", "d"], { cwd });
    expect(log()).toContain("us post-checkout ");
    rmSync(box.path("r/.git/worktrees/linked/mlgit-deferred"));
  });

  it("only say a word after a checkout without git-mlgit", async () => {
    box.write("r/.git/mlgit-deferred", "x");
    const { stderr } = await git(["checkout", "-q", "-b", "e"], withoutUs);
    expect(stderr).toContain("git mlgit hydrate");
    rmSync(box.path("r/.git/mlgit-deferred"));
    expect((await git(["checkout", "-q", "-b", "f"], withoutUs)).stderr).toBe("");
  });

  it("call pre-commit only where something tracked, or what may belong to an entity, is staged", async () => {
    for (const [path, called] of [
      ["x", false],
      ["sub/x.bin.txt", false],
      ["sub/x.bin", true],
      ["labels/l/README.md", true],
      ["kind/k/k.spec", true],
      [".mlgit/config.yaml", true],
      ["ü", false],
      ['sub/ü ".bin', true],
      ["y", false],
    ] as const) {
      box.write(`r/${path}`, "1");
      await git(["add", "."]);
      await git(["commit", "-qm", path], { env: { GIT_LITERAL_PATHSPECS: "1" } });
      expect([path, log().includes("us pre-commit\n")]).toEqual([path, called]);
      rmSync(logPath, { force: true });
    }
    await git(["init", "-q", box.path("plain")]);
    ensureHooksSync(await findHookFolder(await findRepository(box.path("plain"))));
    await git(["commit", "-q", "--allow-empty", "-m", "x"], { cwd: box.path("plain") });
    expect(log()).toBe("");
    box.write("plain/.git/info/attributes", "* filter=mlgit\n");
    box.write("plain/file", "1");
    await git(["add", "."], { cwd: box.path("plain") });
    await git(["commit", "-qm", "y"], { cwd: box.path("plain") });
    expect(log()).toContain("us pre-commit");
  });

  it("call post-commit when the commit touches a spec", async () => {
    box.write("r/datasets/d/d.spec", "1");
    await git(["add", "."]);
    await git(["commit", "-qm", "spec"]);
    expect(log()).toContain("us post-commit\n");
  });

  it("stop a commit and a push when they fail, and when git-mlgit is missing", async () => {
    const failing = { env: { STUB_EXIT: "5" }, code: 1 };
    box.write("r/y.bin", "1");
    await git(["add", "."]);
    await git(["commit", "-q", "--allow-empty", "-m", "x"], failing);
    await git(["push", "-q", "origin", "main"], failing);
    const commit = await git(["commit", "-q", "--allow-empty", "-m", "x"], { ...withoutUs, code: 1 });
    expect(commit.stderr).toMatch(/not on PATH[\s\S]*hint: /);
    const push = await git(["push", "-q", "origin", "main"], { ...withoutUs, code: 1 });
    expect(push.stderr).toMatch(/nothing is pushed[\s\S]*hint: /);
    expect((await git(["ls-remote", "origin"])).stdout).toBe("");
  });

  it("hand the same arguments and input to the user's pre-push, whose word counts", async () => {
    await exec("r/.git/hooks/pre-push.before-mlgit", recorder("user", "$USER_EXIT"));
    await git(["push", "-q", "origin", "main"], { env: { USER_EXIT: "3" }, code: 1 });
    expect(log()).not.toContain("us pre-push");
    rmSync(logPath);
    await git(["push", "-q", "origin", "main"]);
    const lines = log().split("\n");
    expect(lines[0]).toBe(`user origin ${box.path("remote.git")}`);
    expect(lines[1]).toMatch(/^user: refs\/heads\/main [0-9a-f]{40} refs\/heads\/main 0{40}$/);
    expect(lines[2]).toBe(lines[0]?.replace("user", "us pre-push"));
    expect(lines[3]).toBe(lines[1]?.replace("user", "us"));
    rmSync(logPath);
    await git(["push", "-q", "origin", "main"]);
    expect(log()).toBe(`user origin ${box.path("remote.git")}\n`);
    // Records of runs go out also where no ref moves.
    await git(["update-ref", "refs/mlgit/runs", "HEAD"]);
    await git(["push", "-q", "origin", "main"]);
    expect(log()).toContain(`\nus pre-push origin ${box.path("remote.git")}\n`);
    await git(["update-ref", "-d", "refs/mlgit/runs"]);
  });

  it("hand input and exit code of post-rewrite and post-checkout through", async () => {
    await exec("r/.git/hooks/post-rewrite.before-mlgit", recorder("user", "0"));
    await git(["commit", "-q", "--amend", "-m", "again"]);
    expect(log()).toMatch(/^user amend\nuser: [0-9a-f]{40} [0-9a-f]{40}$/m);
    await exec("r/.git/hooks/post-checkout.before-mlgit", recorder("user", "9"));
    await git(["checkout", "-q", "-b", "g"], { code: 1 });
    rmSync(box.path("r/.git/hooks/post-checkout.before-mlgit"));
  });

  it("chain with husky, which finds its scripts by the name it is called with", async () => {
    await git(["init", "-q", box.path("husky")]);
    const cwd = box.path("husky");
    await git(["config", "core.hooksPath", ".husky/_"], { cwd });
    box.write("husky/.husky/_/.gitignore", "*");
    box.write(
      "husky/.husky/_/h",
      'n=$(basename "$0")\ns=$(dirname "$(dirname "$0")")/$n\n[ ! -f "$s" ] && exit 0\nsh -e "$s" "$@"\nexit $?\n',
    );
    await exec("husky/.husky/_/pre-push", '#!/usr/bin/env sh\n. "$(dirname "$0")/h"\n');
    box.write("husky/.husky/pre-push", recorder("husky", "0"));
    ensureHooksSync(await findHookFolder(await findRepository(cwd)));
    await git(["commit", "-q", "--allow-empty", "-m", "x"], { cwd });
    await git(["push", "-q", box.path("remote.git"), "HEAD:refs/heads/husky"], { cwd });
    expect(log()).toMatch(/^husky [^\n]*\nhusky: HEAD [^\n]*\nus pre-push [^\n]*\nus: HEAD /);
    expect((await git(["status", "--porcelain"], { cwd })).stdout).toBe("?? .husky/\n");
  });
});
