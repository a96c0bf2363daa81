import { readdirSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { oidOf, pointerOf } from "../helper/pointer-of.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("git mlgit dehydrate", () => {
  const big = randomBytes(6, 1_200_000);
  let team: Team;
  let work: Clone;
  beforeAll(async () => {
    team = await createTeam();
    work = await createProject(team);
    work.write("big.bin", big);
    work.write("run.bin", "#!/bin/sh\n");
    await team.box.run("chmod", ["+x", `${work.top}/run.bin`]);
    work.write("data/x", "one");
    await work.commit();
  });
  afterAll(() => team.box.remove());

  /** A script after which a file of this name cannot be replaced, since its disk is full. */
  const failingAt = (name: string) =>
    team.box.write(
      "failing.cjs",
      `const fs = require("node:fs"), { lstatSync } = fs;
       fs.lstatSync = (path, options) => {
         if (options?.bigint && String(path).endsWith("/${name}")) throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
         return lstatSync(path, options);
       };
       require("node:module").syncBuiltinESMExports();`,
    );

  it("puts pointers in place of unmodified files; status stays clean and hydrate brings them back", async () => {
    await work.mlgit(["dehydrate", "."]);
    expect(work.read("big.bin").toString()).toBe(pointerOf(big));
    expect(statSync(`${work.top}/run.bin`).mode & 0o111).not.toBe(0);
    expect(await work.status()).toBe("");
    await work.mlgit(["hydrate"]);
    expect(work.read("big.bin").equals(big)).toBe(true);
    expect(statSync(`${work.top}/run.bin`).mode & 0o111).not.toBe(0);
    expect(await work.status()).toBe("");
  });

  it("does not take a slip of the pen for nothing to do, and neither does hydrate", async () => {
    for (const command of ["dehydrate", "hydrate"]) {
      const { stderr } = await work.mlgit([command, "big.bin", "dta"], { code: 2 });
      expect(stderr).toContain("there is no dta here");
      expect(work.read("big.bin").equals(big)).toBe(true);
    }
    await work.mlgit(["hydrate", ".gitattributes", "."]);
  });

  it("leaves modified files as they are, names them and ends with 1", async () => {
    work.write("data/x", "edited");
    const { stderr, stdout } = await work.mlgit(["dehydrate", "--json", "data"], { code: 1 });
    expect(stderr).toContain("data/x was left as it is: modified");
    expect(JSON.parse(stdout)).toEqual({ dehydrated: 0, left: [{ path: "data/x", reason: "modified" }] });
    expect(work.read("data/x").toString()).toBe("edited");
    await work.git(["checkout", "-q", "data/x"]);
  });

  it("keeps the only copy when the cache lost or damaged its own", async () => {
    const cached = `.git/mlgit/files/${oidOf(big).slice(0, 2)}/${oidOf(big)}`;
    rmSync(`${work.top}/${cached}`);
    await work.mlgit(["dehydrate", "big.bin"], { code: 1 });
    expect(work.read("big.bin").equals(big)).toBe(true);
    const damaged = Buffer.from(big);
    damaged[1_000_000]! ^= 1;
    work.write(cached, damaged);
    await work.mlgit(["dehydrate", "big.bin"], { code: 1 });
    expect(work.read("big.bin").equals(big)).toBe(true);
  });

  it("says that git's index could not be told, and tells it when it is run again, as after a kill", async () => {
    for (const [command, text] of [
      ["dehydrate", pointerOf("one")],
      ["hydrate", "one"],
    ] as const) {
      work.write(".git/index.lock", "");
      const { stderr } = await work.mlgit([command, "data"], { code: 1 });
      expect(stderr).toMatch(
        /git's index is locked by another git[^\n]*index\.lock\nhint: [^\n]*run the same command again/,
      );
      expect([work.read("data/x").toString(), await work.status()]).toEqual([text, " M data/x\n"]);
      rmSync(`${work.top}/.git/index.lock`);
      expect((await work.mlgit([command, "data"])).stdout).toContain(`1 file ${command}d`);
      expect([work.read("data/x").toString(), await work.status()]).toEqual([text, ""]);
      expect((await work.mlgit([command, "data"])).stdout).toContain(`0 files ${command}d`);
    }
  });

  it("does not tell git's index that a pointer to something else is the file", async () => {
    work.write("data/x", pointerOf("another"));
    await work.mlgit(["dehydrate", "data"], { code: "any" });
    expect(await work.status()).toBe(" M data/x\n");
    await work.git(["checkout", "-q", "data/x"]);
  });

  it("leaves what the disk does not give of the cache as it is, names it, and goes on with the rest", async () => {
    const packs = `${work.top}/.git/mlgit/packs`;
    const before = new Set(readdirSync(packs));
    work.write("data/a-small", "in a pack of its own");
    await work.commit();
    const pack = readdirSync(packs).find((name) => name.endsWith(".pack") && !before.has(name)) ?? "";
    renameSync(`${packs}/${pack}`, `${work.top}/.git/aside`);
    // Reading it is an input/output error.
    symlinkSync("/proc/self/mem", `${packs}/${pack}`);
    const { stderr } = await work.mlgit(["dehydrate", "data"], { code: 1 });
    expect(stderr).toContain("data/a-small was left as it is: not in the cache");
    expect(stderr).toContain(`cannot read ${packs}/${pack}: input/output error`);
    expect(work.read("data/a-small").toString()).toBe("in a pack of its own");
    expect([work.read("data/x").toString(), await work.status()]).toEqual([pointerOf("one"), ""]);
    rmSync(`${packs}/${pack}`);
    renameSync(`${work.top}/.git/aside`, `${packs}/${pack}`);
    await work.mlgit(["dehydrate", "data"]);
    expect(await work.status()).toBe("");
    await work.mlgit(["hydrate"]);
  });

  it("tells git's index of what it did before it was stopped", async () => {
    work.write("data/z/deep", "cannot be replaced");
    await work.commit();
    await work.mlgit(["dehydrate", "data"], { env: { NODE_OPTIONS: `--require ${failingAt("deep")}` }, code: 8 });
    expect([work.read("data/x").toString(), await work.status()]).toEqual([pointerOf("one"), ""]);
    await work.mlgit(["hydrate"]);
  });

  it("needs paths", async () => {
    expect((await work.mlgit(["dehydrate"], { code: 2 })).stderr).toContain("git mlgit dehydrate");
  });
});
