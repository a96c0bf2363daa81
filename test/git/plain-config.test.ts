import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "@jest/globals";
import { readPlainConfig } from "../../src/git/plain-config.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "mlgit-plain-config-")));
const before = { ...process.env };
const home = join(root, "home");
let made = 0;

function restore(): void {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
}

afterAll(() => {
  restore();
  rmSync(root, { recursive: true, force: true });
});

/** As git starts its filters and hooks. */
beforeEach(() => {
  restore();
  for (const name of Object.keys(process.env)) if (/^(GIT|XDG)_/.test(name)) delete process.env[name];
  mkdirSync(join(home, ".config/git"), { recursive: true });
  Object.assign(process.env, { HOME: home, PATH: `/usr/lib/git-core:${before.PATH}` });
});

function repository(): string {
  const cwd = join(root, `repository ${made++}`);
  execFileSync("git", ["init", "-q", cwd]);
  return cwd;
}

const listOfGit = (cwd: string) =>
  execFileSync("git", ["config", "-z", "--list"], { cwd, env: { ...process.env }, encoding: "utf8" });

describe("the configuration of a plain repository", () => {
  it("is what git lists of all its files, in their order", () => {
    const cwd = repository();
    expect(readPlainConfig(cwd)).toBe(listOfGit(cwd));
    writeFileSync(join(home, ".config/git/config"), "[mlgit]\n\tcache = /one\n");
    writeFileSync(join(home, ".gitconfig"), "[mlgit]\n\tcache = /two\n[user]\n\tname = A U Thor\n");
    appendFileSync(join(cwd, ".git/config"), "[mlgit]\n\tcache = /three\n");
    expect(readPlainConfig(cwd)).toBe(listOfGit(cwd));
    expect(readPlainConfig(cwd)).toMatch(/cache\n\/one.*cache\n\/two.*cache\n\/three/s);
    process.env.GIT_CONFIG_NOSYSTEM = "1";
    process.env.XDG_CONFIG_HOME = join(root, "nowhere");
    expect(readPlainConfig(cwd)).toBe(listOfGit(cwd));
    expect(readPlainConfig(cwd)).not.toMatch(/\/one/);
  });

  it("is the same in a clone, whose git names the repository", () => {
    const cwd = repository();
    process.env.GIT_DIR = join(cwd, ".git");
    expect(readPlainConfig(cwd)).toBe(listOfGit(cwd));
  });

  it("is git's to tell where a variable or an included file says more", () => {
    const cwd = repository();
    const unless = (change: Readonly<Record<string, string>>) => {
      const kept = { ...process.env };
      Object.assign(process.env, change);
      const list = readPlainConfig(cwd);
      for (const name of Object.keys(change)) delete process.env[name];
      Object.assign(process.env, kept);
      return list;
    };
    const changes = [
      { GIT_CONFIG_GLOBAL: join(root, "other") },
      { GIT_CONFIG_SYSTEM: join(root, "other") },
      { GIT_CONFIG_GLOBAL: "" },
      { GIT_CONFIG_NOSYSTEM: "maybe" },
      { GIT_CONFIG_PARAMETERS: "'mlgit.cache=/x'" },
      { GIT_CONFIG_COUNT: "1" },
      { GIT_DIR: join(repository(), ".git") },
      { GIT_DIR: join(cwd, ".git"), GIT_WORK_TREE: cwd },
      { GIT_EXEC_PATH: "/opt/git/libexec/git-core" },
      { HOME: "" },
      { PATH: before.PATH ?? "" },
      { PATH: `/opt/git/libexec/git-core:${before.PATH}` },
    ];
    expect(changes.filter((change) => unless(change) !== undefined)).toEqual([]);
    expect(readPlainConfig(cwd)).toBe(listOfGit(cwd));
    mkdirSync(join(cwd, "folder"));
    expect(readPlainConfig(join(cwd, "folder"))).toBeUndefined();
    appendFileSync(join(home, ".gitconfig"), `[include]\n\tpath = ${join(root, "more")}\n`);
    expect(readPlainConfig(cwd)).toBeUndefined();
  });
});
