import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { createDataProject, type DataProject } from "../helper/data-project.ts";
import { randomBytes } from "../helper/sandbox.ts";

// Each starts git and mlgit dozens of times.
jest.setTimeout(120_000);

const large = randomBytes("large", 1_500_000);
const small = (n: number) => randomBytes(`small ${n}`, 20_000 + n);
const kinds: Readonly<Record<string, (path: string) => void>> = {
  "a folder": (path) => mkdirSync(path),
  "a named pipe": (path) => void execFileSync("mkfifo", [path]),
};

describe("git mlgit fsck, of what is no file", () => {
  let project: DataProject;
  afterEach(() => project.box.remove());

  async function filled(): Promise<void> {
    project = await createDataProject();
    project.write("data/large.bin", large);
    for (let n = 0; n < 3; n++) project.write(`data/${n}.bin`, small(n));
    await project.commit("data");
  }
  const fsck = (args: readonly string[], code: number) => project.json(["fsck", ...args], { code });
  const cached = (folder: string, pattern: RegExp) =>
    project.cached(folder).find((path) => pattern.test(path)) ?? "not found";
  function replace(path: string, kind: string): void {
    renameSync(path, project.box.path("aside"));
    kinds[kind]?.(path);
  }
  /** Git adds, and checks out what is left of the cache. */
  async function works(what = "new"): Promise<void> {
    project.write("data/new.bin", randomBytes(what, 30_000));
    await project.commit("new");
    rmSync(join(project.work, "data"), { recursive: true });
    await project.git("checkout", "-q", ".");
    expect(project.read("data/large.bin").equals(large)).toBe(true);
    for (let n = 0; n < 3; n++) expect(project.read(`data/${n}.bin`).equals(small(n))).toBe(true);
  }

  it.each(Object.keys(kinds).flatMap((kind) => ["pack", "idx"].map((end) => [kind, end] as const)))(
    "finds %s in the place of a pack's .%s, and restores what was in it",
    async (kind, end) => {
      await filled();
      const path = cached("packs", new RegExp(`\\.${end}$`));
      replace(path, kind);
      const pack = relative(join(project.cache, "packs"), path).replace(/idx$/, "pack");
      const found = await project.mlgit(["fsck"], { code: 5 });
      expect(found.stdout).toContain(`damaged pack: ${pack}`);
      await fsck(["--fix"], 0);
      await fsck([], 0);
      expect(readdirSync(join(project.cache, "bad")).some((name) => pack.startsWith(name.slice(0, 64)))).toBe(true);
      await works();
    },
  );

  it.each(Object.keys(kinds))("finds %s in the place of the cache's version, and writes that again", async (kind) => {
    await filled();
    const version = join(project.cache, "version");
    replace(version, kind);
    const { stderr } = await project.mlgit(["fsck"], { code: 5 });
    expect(stderr).toContain(version);
    expect(stderr).toContain("git mlgit fsck --fix");
    expect(await fsck(["--fix"], 0)).toMatchObject({ cache: { misplaced: ["version"] } });
    await fsck([], 0);
    await works();
  });

  it.each(Object.keys(kinds).flatMap((kind) => ["verified", "reused", "push", "merging"].map((name) => [kind, name])))(
    "is stopped by %s at journal/%s no more than git is, tells of it and moves it aside",
    async (kind = "", name = "") => {
      await filled();
      const today = Math.floor(Date.now() / 86_400_000);
      const names = name === "reused" ? [today, today + 1].map((day) => `reused-${day}`) : [name];
      for (const one of names) {
        rmSync(join(project.cache, "journal", one), { recursive: true, force: true });
        if (name === "push") writeFileSync(join(project.cache, "journal", one), "no folder");
        else kinds[kind]?.(join(project.cache, "journal", one));
      }
      await works();
      await project.git("push", "-q", "origin", "main");
      await project.mlgit(["prune", "--grace", "0"]);
      const misplaced = names.map((one) => `journal/${one}`);
      expect(await fsck([], 5)).toMatchObject({ cache: { misplaced } });
      expect((await project.mlgit(["fsck", "--fix"])).stdout).toContain(`not what it must be: journal/${names[0]}`);
      expect(await fsck([], 0)).toMatchObject({ cache: { misplaced: [] } });
      await works("newer");
    },
  );

  it.each(["pack", "idx"])("checks all others where the disk does not give a pack's .%s", async (end) => {
    await filled();
    project.write("data/other.bin", small(7));
    await project.commit("another pack");
    const path = cached("packs", new RegExp(`\\.${end}$`));
    renameSync(path, project.box.path("aside"));
    // Reading it is an input/output error.
    symlinkSync("/proc/self/mem", path);
    rmSync(cached("files", /./));
    const pack = relative(project.cache, path).replace(/idx$/, "pack");
    if (end === "pack") {
      expect(await fsck([], 4)).toMatchObject({ cache: { packs: 1, unreadable: [{ path: pack }] } });
      rmSync(path);
      renameSync(project.box.path("aside"), path);
    }
    // What the pack itself holds is saved.
    else expect(await fsck([], 5)).toMatchObject({ cache: { packs: 2, damagedPacks: [basename(pack)] } });
    await fsck(["--fix"], 0);
    await fsck([], 0);
    await works();
  });
});
