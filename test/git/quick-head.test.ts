import { execFileSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, jest } from "@jest/globals";
import { quickHead } from "../../src/git/quick-head.ts";
import { findRepository } from "../../src/git/repository.ts";

jest.setTimeout(120_000);

const top = realpathSync(mkdtempSync(join(tmpdir(), "mlgit-head-")));
afterAll(() => rmSync(top, { recursive: true, force: true }));

function gitIn(cwd: string) {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
  const who = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"];
  return (...args: string[]) => execFileSync("git", [...who, ...args], { cwd, env, encoding: "utf8" }).trim();
}

it.each(["sha1", "sha256"])("names the commit that git names, or nothing, with %s", async (format) => {
  const cwd = join(top, format);
  gitIn(top)("init", "-q", "-b", "main", `--object-format=${format}`, cwd);
  const git = gitIn(cwd);
  const head = async (folder = cwd) => quickHead(await findRepository(folder));
  expect(await head()).toBeUndefined();
  git("commit", "-q", "--allow-empty", "-m", "one");
  const one = git("rev-parse", "HEAD");
  expect(await head()).toBe(one);
  git("checkout", "-q", "-b", "topic/ä");
  git("commit", "-q", "--allow-empty", "-m", "two");
  expect(await head()).toBe(git("rev-parse", "HEAD"));
  // A linked worktree has a HEAD of its own, and the branches of all.
  const linked = join(top, `${format}-linked`);
  git("worktree", "add", "-q", "--detach", linked, "main");
  expect(await head(linked)).toBe(one);
  gitIn(linked)("switch", "-q", "main");
  expect(await head(linked)).toBe(one);
  git("pack-refs", "--all");
  expect([await head(), await head(linked)]).toEqual([undefined, undefined]);
  git("checkout", "-q", "--detach");
  expect(await head()).toBe(git("rev-parse", "HEAD"));
  git("symbolic-ref", "refs/heads/alias", "refs/heads/main");
  git("symbolic-ref", "HEAD", "refs/heads/alias");
  expect(await head()).toBeUndefined();
  writeFileSync(join(cwd, ".git/HEAD"), one.slice(1));
  expect(quickHead(await findRepository(linked).then((known) => ({ ...known, gitDir: join(cwd, ".git") })))).toBe(
    undefined,
  );
});
