import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { createDataProject, type DataProject, flipBit } from "../helper/data-project.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { mountSmallDisk } from "../helper/small-disk.ts";

// Each starts git and mlgit dozens of times.
jest.setTimeout(180_000);

const large = randomBytes("large", 1_500_000);
const small = (n: number) => randomBytes(`small ${n}`, 20_000 + n);

interface Report {
  readonly corrupt: readonly { path?: string }[];
  readonly missing: readonly { path?: string }[];
  readonly repaired: readonly { path?: string; from: string }[];
}

describe("git mlgit fsck", () => {
  let project: DataProject;
  afterEach(() => project.box.remove());

  async function filled(): Promise<DataProject> {
    project = await createDataProject();
    project.write("data/large.bin", large);
    for (let n = 0; n < 5; n++) project.write(`data/${n}.bin`, small(n));
    await project.commit("data");
    return project;
  }
  const largeCopy = () => project.cached("files")[0] ?? "";
  const packs = () => project.cached("packs").filter((path) => path.endsWith(".pack"));
  const fsck = async (args: readonly string[], code: number) =>
    (await project.json(["fsck", ...args], { code })) as Report;
  /** Takes away what is here, so that all comes from the store again. */
  const expectAllFromStore = async () => {
    for (const folder of ["files", "packs", "index"]) rmSync(join(project.cache, folder), { recursive: true });
    rmSync(join(project.work, "data"), { recursive: true });
    await project.git("checkout", "-q", ".");
    expect(project.read("data/large.bin").equals(large)).toBe(true);
    expect(project.read("data/3.bin").equals(small(3))).toBe(true);
  };
  const paths = (list: readonly { path?: string }[]) => list.map((one) => one.path);

  it("finds nothing wrong where nothing is", async () => {
    await filled();
    const { stdout } = await project.mlgit(["fsck"]);
    expect(stdout).toContain("6 are needed");
    expect(stdout).toContain("Everything is right");
  });

  it("finds a flipped bit that kept size and time, and repairs it from the worktree", async () => {
    await filled();
    flipBit(largeCopy(), 700_000);
    expect(paths((await fsck([], 5)).corrupt)).toEqual(["data/large.bin"]);
    const report = await fsck(["--fix"], 0);
    expect(report.repaired).toMatchObject([{ path: "data/large.bin", from: "worktree" }]);
    await fsck([], 0);
    expect(readdirSync(join(project.cache, "bad"))).toHaveLength(1);
  });

  it.each(["a folder", "a link"])(
    "finds %s in the place of a cached file, and repairs it from the worktree",
    async (what) => {
      await filled();
      const copy = largeCopy();
      renameSync(copy, project.box.path("aside"));
      if (what === "a folder") mkdirSync(copy);
      else symlinkSync(project.box.path("aside"), copy);
      expect(paths((await fsck([], 5)).corrupt)).toEqual(["data/large.bin"]);
      const report = await fsck(["--fix"], 0);
      expect(report.repaired).toMatchObject([{ path: "data/large.bin", from: "worktree" }]);
      await fsck([], 0);
    },
  );

  it("repairs from the store when the worktree was edited since", async () => {
    await filled();
    await project.git("push", "-q", "origin", "main");
    project.write("data/large.bin", "something else");
    truncateSync(largeCopy(), 1000);
    const report = await fsck(["--fix"], 0);
    expect(report.repaired).toMatchObject([{ path: "data/large.bin", from: "store" }]);
    await fsck([], 0);
  });

  it("names what is lost, and only that, when the only copy is damaged", async () => {
    await filled();
    const [pack = ""] = packs();
    flipBit(pack, 8 + 20_000 + 500);
    for (let n = 0; n < 5; n++) project.write(`data/${n}.bin`, "edited");
    const report = await fsck(["--fix"], 5);
    expect(report.corrupt).toHaveLength(1);
    expect(paths(report.missing)).toEqual(paths(report.corrupt));
    await fsck([], 4);
    project.write(report.missing[0]?.path ?? "", small(Number(/\d/.exec(report.missing[0]?.path ?? "")?.[0])));
    await project.git("add", ".");
    await fsck([], 0);
  });

  it("mends a pack without its index, and one with a damaged one", async () => {
    await filled();
    rmSync(packs()[0]?.replace(/pack$/, "idx") ?? "");
    rmSync(join(project.work, "data"), { recursive: true });
    await fsck([], 5);
    await fsck(["--fix"], 0);
    await fsck([], 0);
    await project.git("checkout", "-q", ".");
    expect(project.read("data/3.bin").equals(small(3))).toBe(true);
  });

  it("counts what the index, stashes with untracked files, reflogs and other worktrees need", async () => {
    await filled();
    project.write("data/staged.bin", "staged");
    await project.git("add", "data/staged.bin");
    await project.git("worktree", "add", "-q", "../other");
    project.box.write("other/data/elsewhere.bin", "staged elsewhere");
    await project.box.git(["add", "."], { cwd: project.box.path("other") });
    project.write("data/0.bin", "stashed");
    project.write("data/untracked.bin", "stashed untracked");
    await project.git("stash", "-q", "-u");
    project.write("data/amended.bin", "before");
    await project.commit("before");
    await project.git("reset", "-q", "--hard", "HEAD~1");
    rmSync(join(project.cache, "packs"), { recursive: true });
    rmSync(join(project.work, "data"), { recursive: true });
    rmSync(project.box.path("other/data"), { recursive: true });
    const report = await fsck([], 4);
    expect(paths(report.missing).sort()).toEqual(
      ["0", "0", "1", "2", "3", "4", "amended", "elsewhere", "staged", "untracked"].map((name) => `data/${name}.bin`),
    );
  });

  it("knows what lies in the repository's own store, where others push to", async () => {
    await filled();
    await project.git("push", "-q", "origin", "main");
    const cwd = project.box.path("origin.git");
    for (const options of [[], ["--store"], ["--store", "--paranoid"]]) {
      const { stdout } = await project.box.mlgit(["fsck", ...options], { cwd });
      expect(stdout).toContain("Everything is right");
      // Who reads that packs are right is to know whether their bytes were looked at.
      expect(stdout.includes("packs were looked up by name and size")).toBe(options.length === 1);
    }
    rmSync(join(cwd, "mlgit/index"), { recursive: true });
    const { stdout } = await project.box.mlgit(["fsck"], { cwd, code: 4 });
    expect(stdout).toContain("missing: data/large.bin");
  });

  it("says that the store cannot be asked instead of calling its contents missing", async () => {
    await filled();
    await project.git("push", "-q", "origin", "main");
    rmSync(join(project.cache, "packs"), { recursive: true });
    rmSync(join(project.work, "data"), { recursive: true });
    await fsck([], 0);
    rmSync(project.box.path("origin.git/mlgit/mlgit.json"));
    writeFileSync(project.box.path("origin.git/mlgit/mlgit.json"), "{");
    const { stdout } = await project.mlgit(["fsck"], { code: 6 });
    expect(stdout).toContain("the store cannot be asked: data/0.bin");
    expect(stdout.match(/cannot be asked/g)).toHaveLength(1);
  });

  it("says once why the store cannot be asked, and then what that leaves open, with --store too", async () => {
    await filled();
    for (let n = 0; n < 13; n++) project.write(`data/more/${n}`, `${n}`);
    await project.commit("many");
    project.write("data/more/0", "another version");
    await project.commit("another");
    await project.git("push", "-q", "origin", "main");
    rmSync(join(project.cache, "packs"), { recursive: true });
    rmSync(join(project.work, "data"), { recursive: true });
    rmSync(project.box.path("origin.git/mlgit/mlgit.json"));
    writeFileSync(project.box.path("origin.git/mlgit/mlgit.json"), "{");
    for (const options of [[], ["--store"]]) {
      const { stdout } = await project.mlgit(["fsck", ...options], { code: 6 });
      const [, reason, open, verdict, ...rest] = stdout.trim().split("\n");
      expect([reason, open]).toEqual([
        expect.stringMatching(/^store: .*mlgit\.json/),
        expect.stringMatching(
          /^19 needed contents are not in the cache, and the store cannot be asked: data\/.* and 8 more$/,
        ),
      ]);
      expect([verdict?.startsWith("The rest is right"), rest]).toEqual([true, []]);
    }
  });

  it.each(["", "{", "{}", "[]", '{"format": 1}'])(
    "says of a store whose marker is %j what makes it work again, and that does",
    async (found) => {
      await filled();
      await project.git("push", "-q", "origin", "main");
      const store = project.box.path("origin.git/mlgit");
      const listed = () => readdirSync(store, { recursive: true }).sort();
      const before = listed();
      writeFileSync(join(store, "mlgit.json"), found);
      const { stdout } = await project.mlgit(["fsck", "--store"], { code: 6 });
      expect(stdout).toContain("move that one file away from the store, and run `git mlgit push --all`");
      const { stderr } = await project.mlgit(["push", "--all"], { code: 5 });
      expect(stderr).toContain("move that one file away");
      rmSync(join(store, "mlgit.json"));
      await project.mlgit(["push", "--all"]);
      expect(listed()).toEqual(before);
      await fsck(["--store", "--paranoid"], 0);
      await expectAllFromStore();
    },
  );

  it.each([
    ["with a copy of it, by what takes its place", true],
    ["without a copy of it, by sending the contents again", false],
  ])("mends a store whose index segment is damaged from a clone %s", async (_, hasCopy) => {
    await filled();
    await project.git("push", "-q", "origin", "main");
    const index = project.box.path("origin.git/mlgit/index");
    const [segment = ""] = readdirSync(index);
    flipBit(join(index, segment), 300);
    if (!hasCopy) rmSync(join(project.cache, "index"), { recursive: true });
    const damaged = readFileSync(join(index, segment));
    const found = await fsck(["--store"], 5);
    expect(found).toMatchObject({ storeIndex: { damagedSegments: [segment], rewritten: [], removed: [] } });
    const mended = await fsck(["--store", "--fix"], 0);
    const how = { damagedSegments: [segment], rewritten: hasCopy ? [segment] : [], removed: hasCopy ? [] : [segment] };
    expect(mended).toMatchObject({ storeIndex: how });
    expect(readdirSync(index)).not.toContain(segment);
    const [copies = ""] = readdirSync(join(project.cache, "index"));
    if (!hasCopy) expect(readFileSync(join(project.cache, "index", copies, "bad", segment))).toEqual(damaged);
    await fsck(["--store", "--paranoid"], 0);
    await expectAllFromStore();
  });

  it("tells what was pushed and no index segment names any more, and sends it again", async () => {
    await filled();
    await project.git("push", "-q", "origin", "main");
    project.write("data/unpushed.bin", "not pushed yet");
    await project.commit("later");
    await fsck(["--store"], 0);
    const index = project.box.path("origin.git/mlgit/index");
    for (const segment of readdirSync(index)) rmSync(join(index, segment));
    const found = (await fsck(["--store"], 4)) as unknown as { store: { lost: { path: string }[] } };
    expect(paths(found.store.lost).sort()).toEqual(
      ["0", "1", "2", "3", "4", "large"].map((name) => `data/${name}.bin`),
    );
    const { stdout } = await project.mlgit(["fsck", "--store"], { code: 4 });
    expect(stdout).toContain("store: pushed, and in no store any more: data/large.bin");
    expect(stdout).toContain("git mlgit fsck --store --fix");
    const { stdout: mended } = await project.mlgit(["fsck", "--store", "--fix"]);
    expect(mended).toContain("Everything was repaired");
    expect(await fsck(["--store"], 0)).toMatchObject({ store: { unpushed: 1 } });
    await fsck(["--store", "--paranoid"], 0);
    await expectAllFromStore();
  });

  it("tells it, too, where the whole store is gone, and makes it again", async () => {
    await filled();
    await fsck(["--store"], 0);
    await project.git("push", "-q", "origin", "main");
    const store = project.box.path("origin.git/mlgit");
    renameSync(store, project.box.path("aside"));
    expect(await fsck(["--store"], 4)).toMatchObject({ store: { lost: { length: 6 }, restored: [] } });
    await fsck(["--store", "--fix"], 0);
    await fsck(["--store", "--paranoid"], 0);
    rmSync(join(store, "mlgit.json"));
    await fsck(["--store"], 4);
    await fsck(["--store", "--fix"], 0);
    expect(await fsck(["--store"], 0)).toMatchObject({ store: { packs: 1, orphans: [] } });
  });

  it("calls nothing lost that was pushed to another remote with a store of its own", async () => {
    await filled();
    await project.git("push", "-q", "origin", "main");
    await project.box.git(["init", "-q", "--bare", project.box.path("other.git")]);
    await project.git("remote", "add", "other", project.box.path("other.git"));
    project.write("data/elsewhere.bin", "only there");
    await project.commit("for the other");
    await project.git("push", "-q", "other", "main");
    await fsck(["--store"], 0);
    await fsck(["--store", "--remote", "other"], 0);
  });

  it("checks the store also from a clone that lacks objects of older commits", async () => {
    await filled();
    project.write("data/0.bin", small(10));
    await project.commit("newer");
    await project.git("push", "-q", "origin", "main");
    const { box } = project;
    const origin = box.path("origin.git");
    await box.git(["config", "uploadpack.allowFilter", "true"], { cwd: origin });
    await box.git(["clone", "-q", "-b", "main", "--filter=blob:none", `file://${origin}`, box.path("partial")]);
    const { stdout } = await box.mlgit(["fsck", "--store"], { cwd: box.path("partial") });
    expect(stdout).toContain("What 1 object of older commits may need is not known in this partial clone");
    expect(stdout).toContain("Everything is right");
  });

  it("names what belongs to nothing", async () => {
    await filled();
    writeFileSync(join(project.cache, "packs", "left-over"), "x");
    expect((await project.mlgit(["fsck"])).stdout).toContain("belongs to nothing: packs/left-over");
  });

  it("restores to the store what is damaged or missing there and right here", async () => {
    await filled();
    await project.git("push", "-q", "origin", "main");
    const store = project.box.path("origin.git/mlgit/packs");
    const packs = readdirSync(store, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const path = join(packs[0]?.parentPath ?? "", packs[0]?.name ?? "");
    await fsck(["--store", "--paranoid"], 0);
    flipBit(path, 1000);
    await fsck(["--store"], 0);
    const found = (await fsck(["--store", "--paranoid"], 5)) as unknown as { store: { broken: unknown[] } };
    expect(found.store.broken).toHaveLength(6);
    const said = (await project.mlgit(["fsck", "--store", "--paranoid"], { code: 5 })).stdout;
    const [, advice = ""] = /Run `git mlgit fsck ([^`]*)`/.exec(said) ?? [];
    await fsck(advice.split(" "), 0);
    await fsck(["--store", "--paranoid"], 0);
    rmSync(path);
    await fsck(["--store", "--paranoid"], 0);
    rmSync(store, { recursive: true });
    await fsck(["--store"], 5);
    expect((await project.mlgit(["fsck", "--store"], { code: 5 })).stdout).toContain("`git mlgit fsck --store --fix`");
    await fsck(["--store", "--fix"], 0);
    rmSync(project.cache, { recursive: true });
    // A remote that is misspelt has lost nothing.
    expect((await project.mlgit(["fsck", "--remote", "orgin"], { code: 3 })).stdout).not.toContain("missing");
    await project.mlgit(["fetch", "--all"]);
    await fsck(["--store", "--paranoid"], 0);
  });

  it("takes nothing from others when the store's disk is full while it restores", async () => {
    await filled();
    const folder = project.box.path("disk");
    mkdirSync(folder);
    const disk = mountSmallDisk(folder, 4);
    if (!disk) return;
    try {
      mkdirSync(join(folder, "store"));
      await project.mlgit(["store", "add", "--default", "small", join(folder, "store")]);
      await project.commit("store");
      await project.git("push", "-q", "origin", "main");
      const [pack] = readdirSync(join(folder, "store/packs"), { recursive: true, withFileTypes: true }).filter((one) =>
        one.isFile(),
      );
      flipBit(join(pack?.parentPath ?? "", pack?.name ?? ""), 1000);
      writeFileSync(join(folder, "filler"), randomBytes("filler", 2_000_000));
      const { stderr } = await project.mlgit(["fsck", "--store", "--paranoid", "--fix"], { code: 8 });
      expect(stderr).toMatch(/cannot write \S*\/disk\/store\/packs\/\S+: no space left on the store's disk/);
      const clone = (name: string) =>
        project.box.mlgit(["clone", project.box.path("origin.git"), project.box.path(name)], { code: "any" });
      await clone("while");
      expect(project.box.read("while/data/large.bin").equals(large)).toBe(true);
      expect(project.box.read("while/data/3.bin").equals(small(3))).toBe(true);
      rmSync(join(folder, "filler"));
      await fsck(["--store", "--paranoid", "--fix"], 0);
      await clone("after");
      for (let n = 0; n < 5; n++) expect(project.box.read(`after/data/${n}.bin`).equals(small(n))).toBe(true);
      await fsck(["--store", "--paranoid"], 0);
      expect(readdirSync(join(folder, "store/gc/tombstones"))).toEqual([]);
    } finally {
      disk.unmount();
    }
  });
});
