import { cpSync, rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { oidOf, pointerOf } from "../helper/pointer-of.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { spy } from "../helper/spy.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("git mlgit add", () => {
  let team: Team;
  let base: Clone;
  let made = 0;
  beforeAll(async () => {
    team = await createTeam();
    base = await createProject(team, "base");
    for (const name of ["a.bin", "data/b", "data/c d", "data/e/f", "plain.txt", "gone.bin", "data/gone"])
      base.write(name, `first ${name}`);
    // git reads again what was written in the same second as its index, whoever made that.
    await sh(base, "find . -name .git -prune -o -type f -exec touch -d '1 minute ago' {} +");
    await base.commit();
  });
  afterAll(() => team.box.remove());

  /** Makes the same changes in two copies, adds in one by git and in the other by mlgit; returns the second. */
  async function sameAsGit(
    change: (clone: Clone) => Promise<unknown> | undefined,
    paths: readonly string[] = ["."],
    folder = ".",
  ): Promise<Clone> {
    made++;
    const [plain, ours] = await Promise.all(["plain", "ours"].map((name) => copyOf(`${name}${made}`, change)));
    const code = (await plain!.git(["add", "--", ...paths], { cwd: `${plain!.top}/${folder}`, code: "any" })).code;
    const result = await ours!.mlgit(["add", "--", ...paths], { cwd: `${ours!.top}/${folder}`, code: "any" });
    expect({ added: result.code === 0, stderr: result.code === 0 ? "" : result.stderr }).toMatchObject({
      added: code === 0,
    });
    const index = async (clone: Clone) => (await clone.git(["ls-files", "-s", "-z"])).stdout.split("\0");
    expect(await index(ours!)).toEqual(await index(plain!));
    rmSync(plain!.top, { recursive: true });
    return ours!;
  }

  async function copyOf(name: string, change: (clone: Clone) => Promise<unknown> | undefined): Promise<Clone> {
    cpSync(base.top, team.box.path(name), { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    const clone = team.at(team.box.path(name));
    await clone.git(["update-index", "-q", "--refresh"]);
    await change(clone);
    return clone;
  }

  const sh = (clone: Clone, script: string) => team.box.run("sh", ["-ec", script], { cwd: clone.top });

  it("makes git add's index of new, changed and deleted files, tracked or not", async () => {
    await sameAsGit((clone) => {
      clone.write("a.bin", "changed");
      clone.write("new.bin", randomBytes(20, 2_000_000));
      clone.write("data/new", "new");
      clone.write("data/empty", "");
      clone.write("plain.txt", "changed too");
      return sh(clone, "rm gone.bin data/gone");
    });
  });

  it("makes git add's index of odd names, pointers, pointer-like files and duplicates", async () => {
    await sameAsGit((clone) => {
      const names = [
        "data/-dash",
        "data/ space ",
        'data/"quote"',
        "data/new\nline",
        "data/ünï",
        "data/tab\t",
        "data/[a]*?",
        ":(top)x.bin",
      ];
      for (const name of names) clone.write(name, "the same content");
      clone.write("data/pointer", pointerOf("something"));
      clone.write("data/almost", `${pointerOf("something")} `);
      clone.write("data/future", "version mlgit/2\n");
      clone.write("data/1024", `version mlgit/2\n${"x".repeat(1008)}`);
      return sh(clone, "printf x >data/$(printf '\\377raw')");
    });
  });

  it("makes git add's index of modes and symlinks", async () => {
    await sameAsGit((clone) => {
      clone.write("data/run", "#!/bin/sh");
      return sh(
        clone,
        "chmod +x a.bin data/run; chmod 600 data/b; ln -s a.bin link.bin; ln -s nowhere data/dangling; rm gone.bin; ln -s x gone.bin",
      );
    });
  });

  it("makes git add's index where the file system's modes do not count", async () => {
    await sameAsGit(async (clone) => {
      await sh(clone, "chmod +x data/b; git add data/b; git commit -qm mode");
      await clone.git(["config", "core.fileMode", "false"]);
      clone.write("data/b", "changed");
      clone.write("a.bin", "changed");
      clone.write("new.bin", "new");
      await sh(clone, "chmod -x data/b; chmod +x a.bin new.bin");
    });
  });

  it("makes git add's index where a file becomes a folder and a folder a file", async () => {
    await sameAsGit((clone) => sh(clone, "rm -r a.bin data/e; mkdir a.bin; echo x >a.bin/y; echo y >data/e"));
  });

  it("makes git add's index where a folder becomes a symlink to one with the same files", async () => {
    await sameAsGit((clone) => sh(clone, "mv data/e moved; echo changed >moved/f; ln -s ../moved data/e"));
  });

  it("makes git add's index of a conflict", async () => {
    await sameAsGit(async (clone) => {
      await sh(
        clone,
        "git checkout -qb side; echo theirs >a.bin; git rm -q data/b; git commit -qam side; git checkout -q -; echo ours >a.bin; echo ours >data/b; git commit -qam ours; ! git merge -q side",
      );
      clone.write("a.bin", "resolved");
    });
  });

  it("makes git add's index from a subfolder, of single paths and with pathspec magic", async () => {
    const change = (clone: Clone) => {
      for (const name of ["a.bin", "data/b", "data/e/f", "data/e/new.txt", "plain.txt", "data/e/deep/x.png"])
        clone.write(name, "changed");
      return sh(clone, "rm data/gone");
    };
    await sameAsGit(change, ["."], "data/e");
    await sameAsGit(change, ["../b", "f"], "data/e");
    await sameAsGit(change, [":/a.bin", ":(exclude)*.txt", "."], "data");
    await sameAsGit(change, ["*.png", "data/gone"]);
    await sameAsGit(change, [":(icase)DATA/B"]);
  });

  it("leaves ignored files out, and fails as git add does for what matches nothing", async () => {
    const ignore = async (clone: Clone) => {
      clone.write(".gitignore", "*.tmp.bin\n");
      clone.write("x.tmp.bin", "ignored");
      clone.write("a.bin", "changed");
    };
    await sameAsGit(ignore);
    await sameAsGit(ignore, ["x.tmp.bin"]);
    await sameAsGit(ignore, ["x.tmp.bin", "a.bin"]);
    await sameAsGit(ignore, ["no-such-file", "a.bin"]);
    await sameAsGit((clone) => sh(clone, "mkdir data/none"), ["data/none"]);
    await sameAsGit((clone) => sh(clone, "mv data/e moved; ln -s ../moved data/e"), ["data/e/f"]);
  });

  it("makes git add's index of nested repositories, intent-to-add and assumed-unchanged files", async () => {
    await sameAsGit(async (clone) => {
      await sh(
        clone,
        "git init -q data/nested; cd data/nested; GIT_COMMITTER_DATE=@1234567890 GIT_AUTHOR_DATE=@1234567890 git commit -q --allow-empty -m x",
      );
      clone.write("later.bin", "content");
      await sh(clone, "git add -N later.bin; git update-index --assume-unchanged a.bin; echo changed >a.bin");
    });
  });

  it("takes nothing from outside of a sparse checkout", async () => {
    await sameAsGit(
      async (clone) => {
        await sh(clone, "git sparse-checkout set data/e; mkdir -p other; echo x >other/new.bin; echo y >data/e/new");
      },
      ["data"],
    );
    await sameAsGit((clone) =>
      sh(clone, "git sparse-checkout set data/e; mkdir -p other; echo x >other/new.bin; echo y >data/e/f"),
    );
  });

  it("lets status run without one file going through the filter", async () => {
    const clone = await sameAsGit(async (one) => {
      for (let i = 0; i < 50; i++) one.write(`data/many/${i}`, `file ${i}`);
      one.write("large.bin", randomBytes(21, 1_500_000));
      await sh(one, "touch -d '1 minute ago' data/many/* large.bin");
    });
    const seen = await spy(team.box, (env) => clone.git(["status", "--porcelain"], { env }));
    expect(seen.children.filter((one) => one.includes("filter-process"))).toEqual([]);
    await clone.git(["commit", "-qm", "x"]);
    expect(await clone.status()).toBe("");
    await clone.git(["push", "-q", "origin", `HEAD:refs/heads/many${made}`]);
    const other = await team.clone(`other${made}`, { args: ["-b", `many${made}`] });
    expect(oidOf(other.read("large.bin"))).toBe(oidOf(randomBytes(21, 1_500_000)));
  });

  it("puts the hooks in place, so that the first push sends the data", async () => {
    const fresh = team.at(await team.box.init("fresh"));
    await team.box.git(["init", "-q", "--bare", team.box.path("fresh.git")]);
    await fresh.git(["remote", "add", "origin", team.box.path("fresh.git")]);
    fresh.write(".gitattributes", "*.bin filter=mlgit\n");
    fresh.write("a.bin", "content");
    await fresh.mlgit(["add", "."]);
    await fresh.git(["commit", "-qm", "x"]);
    expect((await fresh.git(["push", "origin", "main"])).stderr).toContain("1 file,");
    await team.box.git(["clone", "-q", team.box.path("fresh.git"), team.box.path("fresh clone")]);
    expect(team.box.read("fresh clone/a.bin").toString()).toBe("content");
  });

  it("goes on where somebody removed a folder of the cache", async () => {
    const clone = await copyOf("folders", (one) => void one.write("more.bin", "more") as undefined);
    for (const name of ["packs", "tmp", "journal", "index"])
      rmSync(`${clone.top}/.git/mlgit/${name}`, { recursive: true, force: true });
    await clone.mlgit(["add", "more.bin"]);
    rmSync(`${clone.top}/.git/mlgit/packs`, { recursive: true });
    clone.write("more.bin", "even more");
    await clone.git(["add", "more.bin"]);
  });

  it("takes small and large files in on all cores also where there is WebAssembly alone", async () => {
    // Large enough to be worth threads; what holds nothing takes no room here.
    const clone = await copyOf("wasm", (one) => {
      for (let n = 0; n < 60; n++) one.write(`many/${n}.bin`, randomBytes(n, 20_000));
      return sh(one, "for n in 1 2 3; do truncate -s 80M many/$n.bin; done");
    });
    await clone.mlgit(["add", "many"], { env: { MLGIT_CHUNK_HASH: "wasm" } });
    expect((await clone.mlgit(["fsck", "--paranoid"])).stdout).toContain("Everything is right");
    expect((await clone.git(["ls-files", "-s", "many"])).stdout.split("\n")).toHaveLength(61);
  });

  it("says with -n what it would do, and needs paths", async () => {
    const clone = await copyOf("dry", (one) => void one.write("new.bin", "x") as undefined);
    const before = (await clone.git(["ls-files", "-s"])).stdout;
    expect((await clone.mlgit(["add", "-n", "."])).stdout).toBe("1 tracked file and 0 others would be added\n");
    expect((await clone.git(["ls-files", "-s"])).stdout).toBe(before);
    expect((await clone.mlgit(["add"], { code: 2 })).stderr).toContain("paths");
  });
});
