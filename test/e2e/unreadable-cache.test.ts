import { readdirSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, it, jest } from "@jest/globals";
import { useLoopDisk } from "../helper/loop-disk.ts";
import { randomBytes } from "../helper/sandbox.ts";

jest.setTimeout(120_000);
const disks = useLoopDisk();

/** A repository with two small files in a pack each, and a large one; `first` is pushed. */
async function makeWork(): Promise<string> {
  const { box } = disks;
  await box.git(["init", "-q", "--bare", "origin.git"]);
  const work = await box.init("work");
  await box.mlgit(["init"], { cwd: work });
  await box.mlgit(["track", "data/**"], { cwd: work });
  await box.git(["remote", "add", "origin", "../origin.git"], { cwd: work });
  for (const [name, size] of [
    ["first", 50_000],
    ["second", 60_000],
    ["large", 2_000_000],
  ] as const) {
    box.write(`work/data/${name}`, randomBytes(name, size));
    await box.git(["add", "-A"], { cwd: work });
    await box.git(["commit", "-qm", name], { cwd: work });
    if (name === "first") await box.git(["push", "-q", "origin", "main"], { cwd: work });
  }
  return work;
}

/** The pack of the first (of 50,000 bytes) or second small file. */
function packOf(work: string, bytes: number): string {
  const folder = join(work, ".git/mlgit/packs");
  const found = readdirSync(folder).find(
    (name) => name.endsWith(".pack") && Math.abs(readFileSync(join(folder, name)).length - bytes) < 1000,
  );
  return join(folder, found ?? "none");
}

/** Lets files of the cache lie on a disk that does not give them. */
async function fail(disk: string, paths: readonly string[]): Promise<void> {
  const onDisk = paths.map((path) => join(disk, basename(path)));
  for (const [i, path] of paths.entries()) {
    await disks.box.run("mv", [path, onDisk[i] as string]);
    symlinkSync(onDisk[i] as string, path);
  }
  disks.fail(onDisk);
}

const isHydrated = (work: string, name: string, size: number) =>
  readFileSync(join(work, "data", name)).equals(randomBytes(name, size));

it("an index of a pack that the disk does not give is named by push and checkout, and fsck --fix gets at what it names", async () => {
  const disk = disks.mount("ext4");
  if (disk === undefined) return;
  const { box } = disks;
  const work = await makeWork();
  const index = packOf(work, 60_000).replace(/pack$/, "idx");
  await fail(disk, [index]);

  const pushed = await box.git(["push", "origin", "main"], { cwd: work, code: 1 });
  expect(pushed.stderr).toContain("data/second (sha256:");
  expect(pushed.stderr).toContain(`cannot read ${index}: input/output error`);
  expect(pushed.stderr).toContain("git mlgit fsck --fix");
  expect(pushed.stderr).not.toContain("neither in the cache");
  await box.git(["-c", "mlgit.allowIncompletePush=true", "push", "origin", "main"], { cwd: work, code: 1 });

  await box.run("rm", ["-r", "data"], { cwd: work });
  const out = await box.git(["checkout", "data"], { cwd: work });
  expect(out.stderr).toMatch(/data\/second: .*is not in the store .*it may be in the cache/);
  expect(out.stderr).toContain(`cannot read ${index}: input/output error`);
  expect(out.stderr).not.toContain("push it from a clone");
  expect(isHydrated(work, "first", 50_000)).toBe(true);
  expect(isHydrated(work, "large", 2_000_000)).toBe(true);

  expect((await box.mlgit(["fsck"], { cwd: work, code: 5 })).stdout).toContain(basename(packOf(work, 60_000)));
  await box.mlgit(["fsck", "--fix"], { cwd: work });
  await box.mlgit(["hydrate"], { cwd: work });
  expect(isHydrated(work, "second", 60_000)).toBe(true);
  await box.git(["push", "-q", "origin", "main"], { cwd: work });
});

it("packs that the disk does not give are fetched where a store has them, and what it has not is named while the rest is hydrated", async () => {
  const disk = disks.mount("ext4");
  if (disk === undefined) return;
  const { box } = disks;
  const work = await makeWork();
  const packs = [packOf(work, 50_000), packOf(work, 60_000)] as const;
  await fail(disk, packs);

  await box.run("rm", ["-r", "data"], { cwd: work });
  const out = await box.git(["checkout", "data"], { cwd: work });
  expect(out.stderr).toContain("data/second: sha256:");
  expect(out.stderr).toContain(`cannot read ${packs[0]}: input/output error, and 1 more`);
  expect(out.stderr).toContain("1 file holds a pointer");
  expect(isHydrated(work, "first", 50_000)).toBe(true);
  expect(isHydrated(work, "large", 2_000_000)).toBe(true);

  const again = await box.mlgit(["hydrate", "--json"], { cwd: work, code: 1 });
  expect(JSON.parse(again.stdout)).toMatchObject({ hydrated: 0, failed: [{ path: "data/second" }] });
});

it("a large file that the disk does not give is named while the rest is hydrated", async () => {
  const disk = disks.mount("ext4");
  if (disk === undefined) return;
  const { box } = disks;
  const work = await makeWork();
  const files = join(work, ".git/mlgit/files");
  const [folder = ""] = readdirSync(files);
  const [name = ""] = readdirSync(join(files, folder));
  await box.run("cp", ["-p", join(files, folder, name), join(disk, name)]);
  renameSync(join(files, folder), join(box.root, "away"));
  symlinkSync(disk, join(files, folder));
  disks.fail([join(disk, name)]);

  await box.run("rm", ["-r", "data"], { cwd: work });
  const out = await box.git(["checkout", "data"], { cwd: work });
  expect(out.stderr).toMatch(/data\/large: sha256:.*cannot read .*: input\/output error/);
  expect(isHydrated(work, "first", 50_000)).toBe(true);
  expect(isHydrated(work, "second", 60_000)).toBe(true);
});
