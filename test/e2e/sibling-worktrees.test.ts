import { chmodSync, copyFileSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { cleanedBy } from "../helper/cleaned-by.ts";
import { EntityProject } from "../helper/entity-project.ts";
import { randomBytes } from "../helper/sandbox.ts";

jest.setTimeout(240_000);

const bytes = (name: string) => randomBytes(name, 1_300_000);
const [x, y, z] = ["datasets/strict/data/x", "datasets/strict/data/y", "datasets/flexible/data/z"] as const;

describe("worktrees that share files", () => {
  const project = new EntityProject();
  const { box } = project;
  const main = project.cwd;
  const [other, third] = [box.path("other"), box.path("third")];
  const stat = (path: string, top = main) => statSync(join(top, path));
  const git = (top: string, ...args: string[]) => box.git(args, { cwd: top });
  const mlgit = (top: string, ...args: string[]) => box.mlgit(args, { cwd: top });
  /** Where the file system has reflinks, nothing is shared and there is nothing to see. */
  let hasLinks = false;
  afterAll(() => project.remove());

  beforeAll(async () => {
    await project.start();
    await project.git("commit", "-qm", "nothing", "--allow-empty");
    await project.git("branch", "without");
    await project.mlgit("datasets", "create", "strict", "--categories=c", "--mutability=strict");
    await project.mlgit("datasets", "create", "flexible", "--categories=c", "--mutability=flexible");
    for (const path of [x, y, z]) box.write(`a/${path}`, bytes(path));
    await project.commit("one");
    await project.git("push", "-q", "-u", "origin", "main");
    hasLinks = stat(x).nlink > 1;
    for (const top of [other, third]) {
      await pause();
      await project.git("worktree", "add", "-q", "--detach", top);
    }
  });

  /** git compares change times in whole seconds: those of before and after must not lie in the same. */
  const pause = () => sleep(1100);

  async function unread(...status: string[]) {
    for (const top of [main, other, third]) {
      expect([top, await cleanedBy(box, top, "status", "--porcelain")]).toEqual([top, []]);
      expect((await git(top, "status", "--porcelain")).stdout).toBe(
        top === other ? status.map((line) => `${line}\n`).join("") : "",
      );
    }
  }

  it("are read by no git status after another one was added", async () => {
    if (hasLinks) expect([x, y, z].map((path) => stat(path).nlink)).toEqual([4, 4, 4]);
    await unread();
  });

  it("are not after files of one were dehydrated, and hydrated again", async () => {
    await pause();
    await mlgit(other, "dehydrate", ".");
    await unread();
    await pause();
    await mlgit(other, "hydrate", ".");
    await unread();
    if (hasLinks) expect(stat(x).nlink).toBe(4);
  });

  it("are not after files of one were unlocked, and locked again", async () => {
    await pause();
    await mlgit(other, "unlock", "datasets/flexible");
    await unread();
    if (hasLinks) expect([stat(y).nlink, stat(z).nlink]).toEqual([4, 3]);
    await pause();
    await mlgit(other, "lock", "datasets");
    await unread();
  });

  it("are not after a push made links of copies elsewhere, nor where one file is linked twice", async () => {
    const copy = "datasets/strict/data/copy";
    await box.git(["init", "-q", "--bare", box.path("backup.git")]);
    await project.git("remote", "add", "backup", box.path("backup.git"));
    copyFileSync(join(other, x), join(other, copy));
    chmodSync(join(other, copy), 0o644);
    utimesSync(join(other, copy), Date.now() / 1000 - 60, Date.now() / 1000 - 60);
    const spec = join(other, "datasets/strict/strict.spec");
    writeFileSync(spec, readFileSync(spec, "utf8").replace(/version: \d+/, "version: 2"));
    await git(other, "add", "-A");
    await git(other, "commit", "-qm", "copy");
    await pause();
    await git(other, "push", "-q", "backup", "HEAD:refs/heads/main");
    if (hasLinks) expect([stat(copy, other).ino, stat(z, other).ino]).toEqual([stat(x).ino, stat(z).ino]);
    await unread();
    await pause();
    await mlgit(other, "dehydrate", copy);
    await unread();
    await pause();
    await mlgit(other, "hydrate", copy);
    await unread();
  });

  it("are not after an experiment had a worktree of its own for a while", async () => {
    const stage = `cmd: sleep 1.1; wc -c < ${x} > n\n    deps: [${x}]\n    params: [lr]\n    outs: [n]`;
    box.write("a/mlgit.yaml", `stages:\n  count:\n    ${stage}\n`);
    box.write("a/params.yaml", "lr: 1\n");
    await project.commit("pipeline");
    await pause();
    const { stdout } = await mlgit(main, "exp", "run", "--json", "-S", "lr=2");
    expect(JSON.parse(stdout).experiments).toHaveLength(1);
    await unread();
  });

  it("are not after a prune that drops the copies which they have too", async () => {
    await pause();
    const { stdout } = await mlgit(main, "prune", "--keep", "unpushed");
    expect(stdout).toContain("3 contents");
    if (hasLinks) expect(stat(y).nlink).toBe(3);
    await unread();
  });

  it("are read once where git itself took a link away, and found unchanged", async () => {
    await pause();
    await git(other, "checkout", "-q", "without");
    const read = await cleanedBy(box, main, "status", "--porcelain");
    expect(read).toEqual(hasLinks ? [z, x, y] : []);
    await git(third, "status");
    await unread();
  });
});
