import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { createDataProject, type DataProject, flipBit } from "../helper/data-project.ts";
import { randomBytes } from "../helper/sandbox.ts";

// Each starts git and mlgit dozens of times.
jest.setTimeout(180_000);

const large = randomBytes("large", 3_000_000);
const small = randomBytes("small", 30_000);

/** The process with all that it started. It may have come to its end a moment ago. */
function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The ways in which users of another large-file extension lost data, each tried here. test/e2e/prune.test.ts has those of pruning. */
describe("data that others have lost", () => {
  let project: DataProject;
  beforeEach(async () => {
    project = await createDataProject();
    project.write("data/large.bin", large);
    project.write("data/small.bin", small);
    await project.commit("data");
  });
  afterEach(() => project.box.remove());

  const files = () => project.cached("files");
  const packs = () => project.cached("packs").filter((path) => path.endsWith(".pack"));
  const isPointer = (path: string) => project.read(path).toString("latin1", 0, 14) === "version mlgit/";

  async function checkOutAgain(): Promise<string> {
    rmSync(join(project.work, "data"), { recursive: true });
    return (await project.git("checkout", "--", ".")).stderr;
  }

  it("never checks out bytes that decayed in the cache at the same size, but those of the store", async () => {
    await project.git("push", "-q", "origin", "main");
    for (const path of [...files(), ...packs()]) flipBit(path, 20_000);
    await checkOutAgain();
    expect(project.read("data/large.bin").equals(large)).toBe(true);
    expect(project.read("data/small.bin").equals(small)).toBe(true);
    expect((await project.git("status", "--porcelain")).stdout).toBe("");
  });

  it("leaves the pointer, and says so, where the only copy decayed", async () => {
    for (const path of [...files(), ...packs()]) flipBit(path, 20_000);
    const said = await checkOutAgain();
    expect(isPointer("data/large.bin") && isPointer("data/small.bin")).toBe(true);
    expect(said).toContain("data/large.bin");
    expect((await project.git("status", "--porcelain")).stdout).toBe("");
  });

  it("gets a truncated cached copy from the store in the same command", async () => {
    await project.git("push", "-q", "origin", "main");
    for (const path of [...files(), ...packs()]) truncateSync(path, 1000);
    await checkOutAgain();
    expect(project.read("data/large.bin").equals(large)).toBe(true);
    expect(project.read("data/small.bin").equals(small)).toBe(true);
  });

  it("mends the cached copy when the content is added again", async () => {
    flipBit(files()[0] ?? "", 5);
    truncateSync(packs()[0] ?? "", 100);
    await project.mlgit(["fsck"], { code: 5 });
    await project.mlgit(["fsck", "--fix"]);
    await project.git("rm", "-q", "--cached", "-r", "data");
    await project.git("add", ".");
    await project.mlgit(["fsck"]);
    await project.git("push", "-q", "origin", "main");
  });

  it("uploads no decayed bytes: the push stops before any ref moves, and goes through when it is mended", async () => {
    flipBit(files()[0] ?? "", 123_456);
    const { stderr } = await project.box.git(["push", "origin", "main"], { cwd: project.work, code: 1 });
    expect(stderr).toContain("data/large.bin");
    expect((await project.git("ls-remote", "origin")).stdout).toBe("");
    await project.mlgit(["fsck", "--fix"]);
    await project.git("push", "-q", "origin", "main");
    await project.box.git(["clone", "-q", project.box.path("origin.git"), project.box.path("clone")]);
    await project.box.mlgit(["init"], { cwd: project.box.path("clone") });
    await project.box.mlgit(["hydrate"], { cwd: project.box.path("clone") });
    expect(project.box.read("clone/data/large.bin").equals(large)).toBe(true);
  });

  it("stores nothing of a file that git stopped sending in the middle", async () => {
    const packet = (bytes: Buffer | string) =>
      Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, "0")), Buffer.from(bytes)]);
    const flush = Buffer.from("0000");
    const before = [...files(), ...packs()];
    const input = Buffer.concat([
      ...["git-filter-client\n", "version=2\n"].map(packet),
      flush,
      ...["capability=clean\n", "capability=smudge\n"].map(packet),
      flush,
      ...["command=clean\n", "pathname=data/cut.bin\n"].map(packet),
      flush,
      ...Array.from({ length: 40 }, (_, i) => packet(randomBytes(i, 60_000))),
    ]);
    await project.mlgit(["filter-process"], { input, code: 130 });
    expect([...files(), ...packs()]).toEqual(before);
    expect(readdirSync(join(project.cache, "tmp"))).toEqual([]);
  });

  it("leaves no half-written file in the worktree when hydration is killed at any moment", async () => {
    const expected = new Map<string, Buffer>();
    for (let n = 0; n < 12; n++) {
      const bytes = randomBytes(n, 1_100_000 + n);
      expected.set(`data/many/${n}.bin`, bytes);
      project.write(`data/many/${n}.bin`, bytes);
    }
    await project.commit("many");
    for (const wait of [150, 300, 450]) {
      await project.mlgit(["dehydrate", "data"]);
      const child = spawn("git", ["mlgit", "hydrate"], { cwd: project.work, env: project.box.env, detached: true });
      const ended = new Promise((resolve) => child.on("close", resolve));
      await new Promise((resolve) => setTimeout(resolve, wait));
      killGroup(child.pid);
      await ended;
      for (const [path, bytes] of expected) expect(isPointer(path) || project.read(path).equals(bytes)).toBe(true);
      await project.mlgit(["hydrate"]);
      for (const [path, bytes] of expected) expect(project.read(path).equals(bytes)).toBe(true);
      expect((await project.git("status", "--porcelain")).stdout).toBe("");
    }
  });

  it("makes status clean after a kill between placing and stamping, and takes no edit for what was placed", async () => {
    const edit = randomBytes("edit", small.length);
    for (const again of [["hydrate"], ["hydrate", "data"]]) {
      await project.mlgit(["dehydrate", "data"]);
      project.write("data/large.bin", large);
      project.write("data/small.bin", edit);
      expect((await project.git("status", "--porcelain")).stdout).toContain(" M data/large.bin");
      await project.mlgit(again);
      expect((await project.git("status", "--porcelain")).stdout).toBe(" M data/small.bin\n");
      expect(project.read("data/small.bin").equals(edit)).toBe(true);
      project.write("data/small.bin", small);
      await project.mlgit(again);
      expect((await project.git("status", "--porcelain")).stdout).toBe("");
    }
  });

  it("clones with an index and every other file when an object is missing, and the rest comes later", async () => {
    await project.git("push", "-q", "origin", "main");
    const store = project.box.path("origin.git/mlgit");
    const away = project.box.path("away");
    await project.box.run("mv", [join(store, "packs"), away]);
    const clone = project.box.path("clone");
    await project.box.mlgit(["install"]);
    await project.box.git(["clone", "-q", project.box.path("origin.git"), clone]);
    expect(existsSync(join(clone, ".git", "index"))).toBe(true);
    expect((await project.box.git(["status", "--porcelain"], { cwd: clone })).stdout).toBe("");
    expect(readFileSync(join(clone, "data/large.bin"), "latin1")).toContain("version mlgit/1");
    await project.box.run("mv", [away, join(store, "packs")]);
    await project.box.mlgit(["hydrate"], { cwd: clone });
    expect(readFileSync(join(clone, "data/large.bin")).equals(large)).toBe(true);
    expect((await project.box.git(["status", "--porcelain"], { cwd: clone })).stdout).toBe("");
  });

  it("does not touch a modified file that looks like nothing it knows", async () => {
    await project.mlgit(["dehydrate", "data"]);
    writeFileSync(join(project.work, "data/large.bin"), "half of something");
    await project.mlgit(["hydrate"]);
    expect(project.read("data/large.bin").toString()).toBe("half of something");
  });
});
