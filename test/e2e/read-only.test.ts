import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createSandbox, randomBytes, type Sandbox } from "../helper/sandbox.ts";
import { mountSmallDisk, type SmallDisk } from "../helper/small-disk.ts";

const large = randomBytes("large", 1_200_000);

describe("what may only be read", () => {
  let box: Sandbox;
  let disk: SmallDisk | undefined;
  beforeEach(async () => {
    box = createSandbox();
    await box.mlgit(["install"]);
    await box.run("mkdir", ["disk"]);
    disk = mountSmallDisk(box.path("disk"), 30);
  });
  afterEach(() => {
    disk?.unmount();
    box.remove();
  });

  /** A repository with a large and a small tracked file, both committed; `cache` is set as its mlgit.cache. */
  async function makeRepository(name: string, cache?: string): Promise<string> {
    const top = await box.init(name);
    if (cache !== undefined) await box.git(["config", "mlgit.cache", cache], { cwd: top });
    await box.mlgit(["track", "data/**"], { cwd: top });
    box.write(`${name}/data/large`, large);
    box.write(`${name}/data/t.csv`, "id\n1\n");
    await box.git(["add", "-A"], { cwd: top });
    await box.git(["commit", "-qm", "first"], { cwd: top });
    return top;
  }

  /** git has to read them again to say whether they are changed. */
  const touch = (top: string) => box.run("touch", ["-d", "2001-01-01", "data/large", "data/t.csv"], { cwd: top });

  /** What git does without writing anything. */
  async function readEverything(cwd: string): Promise<void> {
    for (const args of [
      ["status", "--porcelain"],
      ["diff"],
      ["diff-files", "--quiet", "-p"],
      ["describe", "--all", "--dirty"],
    ]) {
      const { stdout, stderr } = await box.git(args, { cwd, code: "any" });
      expect([args, stdout.replace("heads/main\n", ""), stderr]).toEqual([args, "", ""]);
    }
    expect((await box.git(["log", "-p"], { cwd })).stdout).toContain("+size 1200000 (1.2 MB)\n");
    expect((await box.git(["blame", "data/large"], { cwd })).stdout).not.toContain("Not Committed");
    expect((await box.mlgit(["status"], { cwd })).stdout).toContain("Tracked: 2 files");
    expect((await box.mlgit(["ls-files"], { cwd })).stdout).toContain("data/large");
    await box.mlgit(["du"], { cwd });
  }

  it("is shown as git shows any repository on a read-only file system", async () => {
    if (!disk) return;
    const top = await makeRepository("disk/work");
    await touch(top);
    disk.remount("ro");
    await readEverything(top);
  });

  it("is shown also where no cache was made yet, and doctor says that there is none", async () => {
    if (!disk) return;
    const top = await makeRepository("disk/work");
    await touch(top);
    rmSync(join(top, ".git/mlgit"), { recursive: true });
    rmSync(join(top, ".git/hooks"), { recursive: true });
    disk.remount("ro");
    await readEverything(top);
    expect((await box.mlgit(["doctor"], { cwd: top, code: 1 })).stdout).toContain("the file system is read-only");
    await box.mlgit(["fetch"], { cwd: top, code: 8 });
  });

  it("as a cache lets git compare, and takes nothing from git add", async () => {
    if (!disk) return;
    const top = await makeRepository("work", box.path("disk/cache"));
    await touch(top);
    disk.remount("ro");
    await readEverything(top);

    box.write("work/data/t.csv", "id\n2\n");
    expect((await box.git(["status", "--porcelain"], { cwd: top })).stdout).toBe(" M data/t.csv\n");
    expect((await box.git(["diff"], { cwd: top })).stdout).toContain("+oid sha256:");
    const added = await box.git(["add", "data"], { cwd: top, code: 128 });
    expect(added.stderr).toContain("read-only");
    expect((await box.git(["diff", "--cached", "--name-only"], { cwd: top })).stdout).toBe("");
    await box.git(["commit", "-qam", "second"], { cwd: top, code: 128 });
    await box.git(["stash"], { cwd: top, code: "any" });
    expect(box.read("work/data/t.csv").toString()).toBe("id\n2\n");
  });
});
