import { symlinkSync } from "node:fs";
import { afterAll, beforeEach, describe, expect, it } from "@jest/globals";
import { createSandbox, randomBytes } from "../helper/sandbox.ts";

describe("git mlgit track", () => {
  const box = createSandbox();
  afterAll(() => box.remove());
  const ours = "filter=mlgit diff=mlgit -merge -text";
  let count = 0;
  let name = "";
  let cwd = "";
  const track = (args: string[], options = {}) => box.mlgit(["track", ...args], { cwd, ...options });
  const attributes = (folder = "") => box.read(`${name}/${folder}.gitattributes`).toString();
  const tracked = async (...paths: string[]) => {
    const { stdout } = await box.git(["check-attr", "-z", "filter", "--", ...paths], { cwd });
    const fields = stdout.split("\0");
    return paths.filter((_, i) => fields[i * 3 + 2] === "mlgit");
  };
  beforeEach(async () => {
    name = `r${count++}`;
    cwd = await box.init(name);
  });

  it("adds patterns, lists them with their files, and warns when git does not know the filter", async () => {
    expect((await track([])).stdout).toContain("nothing is tracked yet");
    expect((await track(["*.bin", "*.dat"])).stderr).toContain("git mlgit init");
    expect(attributes()).toBe(`*.bin ${ours}\n*.dat ${ours}\n`);
    expect((await track(["*.bin"])).stdout).toBe("already tracked: *.bin\n");
    box.write(`${name}/sub/x`, "");
    await track(["x*"], { cwd: box.path(name, "sub") });
    expect(attributes("sub/")).toBe(`x* ${ours}\n`);
    expect((await track([])).stdout).toBe("*.bin (.gitattributes)\n*.dat (.gitattributes)\nx* (sub/.gitattributes)\n");
    const { patterns } = JSON.parse((await track(["--json"])).stdout);
    expect(patterns[0]).toEqual({ pattern: "*.bin", source: ".gitattributes", line: 1 });
  });

  it("takes a folder for all that is in it", async () => {
    box.write(`${name}/my data/x`, "");
    await track(["my data/"]);
    await track(["later/"]);
    expect(await tracked("my data/x", "my data/deep/y", "later/z", "other")).toEqual([
      "my data/x",
      "my data/deep/y",
      "later/z",
    ]);
  });

  it("keeps what git and mlgit must read out of wide patterns", async () => {
    expect((await track(["*"])).stdout).toContain("left out");
    await track(["**/*.yaml"]);
    const protectedPaths = [
      ".gitattributes",
      "sub/.gitignore",
      ".mlgit/config.yaml",
      "mlgit.yaml",
      "datasets/d/d.spec",
    ];
    expect(await tracked("a", "sub/b", "x.yaml", ...protectedPaths)).toEqual(["a", "sub/b", "x.yaml"]);
  });

  it.each([".gitignore", ".git*", "sub/.gitattributes", ".mlgit/**", "datasets/d/d.spec", "*.spec"])(
    "refuses %s",
    async (word) => {
      expect((await track([word], { code: 11 })).stderr).toContain("must be able to read");
    },
  );

  it("refuses what git would not match", async () => {
    await track(["!x"], { code: 2 });
    await track(["../x"], { code: 2 });
    await track(["--above", "much"], { code: 2 });
  });

  it("does not write through a symlink", async () => {
    box.write(`outside${name}`, "");
    symlinkSync(box.path(`outside${name}`), box.path(name, ".gitattributes"));
    await track(["*.bin"], { code: 11 });
    expect(box.read(`outside${name}`)).toHaveLength(0);
  });

  it("tracks one file of an odd name, and no other", async () => {
    const names = ["a*b", "-x", "#1", "two words", 'q"uote', "caf\u00e9 \u00e0", "br[a]cket", "line\nbreak"];
    for (const one of [...names, "aXb", "bra"]) box.write(`${name}/${one}`, "");
    await track(["--filename", "--", ...names]);
    expect(await tracked(...names, "aXb", "bracket", "sub/two words")).toEqual(names);
  });

  it("tracks files above a size that are not ignored and not tracked yet", async () => {
    box.write(`${name}/.gitignore`, "ignored.x\n");
    for (const one of ["large 1.x", "sub/large[2].x", "ignored.x", "known.bin"])
      box.write(`${name}/${one}`, randomBytes(1, 20_001));
    box.write(`${name}/small.x`, randomBytes(1, 20_000));
    await track(["*.bin"]);
    await track(["--above", "20kB", "-n"]);
    expect(attributes()).toBe(`*.bin ${ours}\n`);
    const { added } = JSON.parse((await track(["--above", "20kB", "--json"])).stdout);
    expect(added.sort()).toEqual(["/large 1.x", "/sub/large\\[2].x"]);
    expect(await tracked("large 1.x", "sub/large[2].x", "small.x", "ignored.x")).toEqual([
      "large 1.x",
      "sub/large[2].x",
    ]);
    expect((await track(["--above", "20kB"])).stdout).toBe("nothing to track\n");
  });

  it("makes git look again at files it already holds", async () => {
    box.write(`${name}/a.bin`, randomBytes(1, 5000));
    box.write(`${name}/b.txt`, "text\n");
    await box.git(["add", "."], { cwd });
    await box.git(["commit", "-qm", "raw"], { cwd });
    await box.run("touch", ["-d", "2001-01-01", "a.bin", "b.txt"], { cwd });
    await box.git(["update-index", "--refresh"], { cwd });
    expect((await track(["*.bin"])).stdout).toContain("1 file that git holds as it is matches");
    expect((await box.git(["diff-files", "--name-only"], { cwd })).stdout).toBe("a.bin\n");
  });

  it("loses no pattern when several are added at once", async () => {
    await Promise.all(["*.a", "*.b", "*.c"].map((pattern) => track([pattern])));
    for (const pattern of ["*.a", "*.b", "*.c"]) if (!attributes().includes(pattern)) await track([pattern]);
    expect(attributes().split("\n").sort()).toEqual(["", `*.a ${ours}`, `*.b ${ours}`, `*.c ${ours}`]);
  });

  it("makes two changes to one file a conflict without markers, which either side can win", async () => {
    const pointer = (digit: string) => `version mlgit/1\noid sha256:${digit.repeat(64)}\nsize 5\n`;
    await track(["*.bin"]);
    box.write(`${name}/a.bin`, pointer("0"));
    await box.git(["add", "."], { cwd });
    await box.git(["commit", "-qm", "base"], { cwd });
    for (const [branch, digit] of [
      ["theirs", "1"],
      ["ours", "2"],
    ] as const) {
      await box.git(["checkout", "-qb", branch, "main"], { cwd });
      box.write(`${name}/a.bin`, pointer(digit));
      await box.git(["commit", "-qam", branch], { cwd });
    }
    await box.git(["merge", "theirs"], { cwd, code: 1 });
    expect(box.read(`${name}/a.bin`).toString()).toBe(pointer("2"));
    expect((await box.git(["status", "--porcelain"], { cwd })).stdout).toBe("UU a.bin\n");
    await box.git(["checkout", "-q", "--theirs", "a.bin"], { cwd });
    expect(box.read(`${name}/a.bin`).toString()).toBe(pointer("1"));
  });
});
