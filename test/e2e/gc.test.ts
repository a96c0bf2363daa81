import { chmodSync, readdirSync, renameSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { createDataProject, type DataProject } from "../helper/data-project.ts";
import { randomBytes } from "../helper/sandbox.ts";

// Each starts git and mlgit dozens of times.
jest.setTimeout(180_000);

const content = (n: number) => randomBytes(`gc ${n}`, 300_000 + n);

interface Report {
  readonly live: number;
  readonly marked: number;
  readonly waiting: number;
  readonly revived: number;
  readonly deleted: number;
  readonly segments: number;
}

describe("git mlgit gc", () => {
  let project: DataProject;
  beforeEach(async () => {
    project = await createDataProject();
  });
  afterEach(() => project.box.remove());

  const store = () => project.box.path("origin.git/mlgit");
  const packs = () =>
    readdirSync(join(store(), "packs"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const gc = async (...args: string[]) => (await project.json(["gc", ...args])) as Report;
  async function push(n: number, ...refs: string[]): Promise<void> {
    project.write(`data/${n}.bin`, content(n));
    await project.commit(`${n}`);
    await project.git("push", "-q", "-f", "origin", ...(refs.length > 0 ? refs : ["main"]));
  }
  function cut(path: string): void {
    chmodSync(path, 0o644);
    truncateSync(path, 100);
  }
  /** As another clone sees it: everything that the remote's refs need is there, byte for byte. */
  async function cloneHas(...numbers: number[]): Promise<void> {
    const clone = project.box.path("clone");
    rmSync(clone, { recursive: true, force: true });
    await project.box.mlgit(["install"]);
    await project.box.git(["clone", "-q", project.box.path("origin.git"), clone]);
    for (const n of numbers) expect(project.box.read(`clone/data/${n}.bin`).equals(content(n))).toBe(true);
  }
  /** Throws a commit away so thoroughly that no reflog remembers it. */
  async function forget(): Promise<void> {
    await project.git("reset", "-q", "--hard", "HEAD~1");
    rmSync(join(project.work, ".git/ORIG_HEAD"), { force: true });
    await project.git("reflog", "expire", "--expire=now", "--all");
    await project.git("push", "-q", "-f", "origin", "main");
    await project.git("reflog", "expire", "--expire=now", "--all");
  }

  it("keeps what only a commit needs that a graft file hides here", async () => {
    await push(1);
    await project.git("rm", "-q", "data/1.bin");
    await push(2);
    await project.git("reflog", "expire", "--expire=now", "--all");
    project.write(".git/info/grafts", (await project.git("rev-parse", "HEAD")).stdout);
    expect(await gc("--grace", "0")).toMatchObject({ live: 2, marked: 0 });
  });

  it("marks first, deletes only after the grace period, and leaves what is needed", async () => {
    await push(1);
    await push(2);
    await forget();
    expect(packs()).toHaveLength(2);
    expect(await gc()).toMatchObject({ live: 1, marked: 1, deleted: 0 });
    expect(await gc()).toMatchObject({ marked: 0, waiting: 1, deleted: 0 });
    expect(packs()).toHaveLength(2);
    expect(await gc("-n", "--grace", "0")).toMatchObject({ deleted: 1 });
    expect(packs()).toHaveLength(2);
    expect(await gc("--grace", "0")).toMatchObject({ deleted: 1, segments: 1 });
    expect(packs()).toHaveLength(1);
    await cloneHas(1);
  });

  it("takes nothing that a prune relied on: what is about to be collected is no copy", async () => {
    await push(1);
    await push(2);
    await forget();
    expect(await gc()).toMatchObject({ marked: 1 });
    project.write("data/2.bin", content(2));
    await project.commit("once more, not pushed");
    await project.mlgit(["prune", "--keep", "unpushed"]);
    renameSync(store(), project.box.path("away"));
    rmSync(join(project.work, "data/2.bin"));
    await project.git("checkout", "-q", "data/2.bin");
    expect(project.box.read("work/data/2.bin").equals(content(2))).toBe(true);
  });

  it("keeps what reflogs and other branches of the remote need", async () => {
    await push(1);
    await push(2, "main:other");
    await project.git("reset", "-q", "--hard", "HEAD~1");
    expect(await gc("--grace", "0")).toMatchObject({ live: 2, marked: 0 });
  });

  it.each([
    ["has not cached", () => rmSync(project.cache, { recursive: true })],
    [
      "has damaged copies of",
      () =>
        project
          .cached("packs")
          .filter((name) => name.endsWith(".pack"))
          .forEach(cut),
    ],
  ])("rescues from a marked pack what a push needs and this clone %s", async (_, lose) => {
    await push(1);
    await push(2);
    const tip = (await project.git("rev-parse", "HEAD")).stdout.trim();
    await forget();
    await gc();
    lose();
    await project.git("push", "-q", "origin", `${tip}:refs/heads/back`);
    await project.git("fetch", "-q", "origin");
    await gc("--grace", "0");
    await project.git("checkout", "-q", tip);
    expect(project.read("data/2.bin").equals(content(2))).toBe(true);
  });

  it("takes nothing while the index names not all that the remote needs: a segment is gone or was not listed", async () => {
    await push(1);
    const index = join(store(), "index");
    const [segment = ""] = readdirSync(index);
    await push(2);
    await gc();
    renameSync(join(index, segment), project.box.path("aside"));
    const { stderr } = await project.mlgit(["gc", "--grace", "0"], { code: 5 });
    expect(stderr).toContain("1 content");
    expect(stderr).toContain("fsck --store --fix");
    expect(packs()).toHaveLength(2);
    renameSync(project.box.path("aside"), join(index, segment));
    expect(await gc("--grace", "0")).toMatchObject({ live: 2, marked: 0, deleted: 0 });
    await cloneHas(1, 2);
  });

  it("goes on while something is not pushed yet, and with --force without what is lost", async () => {
    await push(1);
    await push(2);
    await forget();
    project.write("data/3.bin", content(3));
    await project.commit("not pushed");
    expect(await gc()).toMatchObject({ live: 1, marked: 1 });
    for (const name of readdirSync(join(store(), "index"))) rmSync(join(store(), "index", name));
    await project.mlgit(["gc"], { code: 5 });
    expect(await gc("--force")).toMatchObject({ live: 0, marked: 1, waiting: 1 });
  });

  it("refuses where refs may be unknown", async () => {
    await push(1);
    const clone = project.box.path("shallow");
    await project.box.git(["clone", "-q", "--depth=1", `file://${project.box.path("origin.git")}`, clone]);
    const { stderr } = await project.mlgit(["gc"], { cwd: clone, code: 11 });
    expect(stderr).toContain("shallow");
    await project.box.git(["clone", "-q", project.box.path("origin.git"), project.box.path("behind")]);
    await push(2, "main:other");
    const behind = await project.mlgit(["gc"], { cwd: project.box.path("behind"), code: 11 });
    expect(behind.stderr).toContain("git fetch origin");
    expect(packs()).toHaveLength(2);
  });
});
