import { rmSync, statSync } from "node:fs";
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

  it("needs paths", async () => {
    expect((await work.mlgit(["dehydrate"], { code: 2 })).stderr).toContain("git mlgit dehydrate");
  });
});
