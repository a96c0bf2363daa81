import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { oidOf, pointerOf } from "../helper/pointer-of.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("git mlgit textconv", () => {
  let team: Team;
  let work: Clone;
  beforeAll(async () => {
    team = await createTeam();
    work = await createProject(team);
  });
  afterAll(() => team.box.remove());

  it("says the same of bytes and of their pointer", async () => {
    const text = `oid sha256:${oidOf("hello")}\nsize 5 (5 B)\n`;
    for (const content of ["hello", pointerOf("hello")])
      expect((await work.mlgit(["textconv", team.box.write("some", content)])).stdout).toBe(text);
    expect((await work.mlgit(["textconv", team.box.write("some", "")])).stdout).toBe("");
  });

  it("says what it lacks where there is no file", async () => {
    const missing = await work.mlgit(["textconv", "nowhere"], { code: 2 });
    expect(missing.stderr).toContain("there is no file nowhere");
    const folder = await work.mlgit(["textconv", "."], { code: 2 });
    expect(folder.stderr).toContain(". is a folder");
  });

  it("shows pointers of a later version as they are", async () => {
    expect((await work.mlgit(["textconv", team.box.write("some", "version mlgit/2\n")])).stdout).toBe(
      "version mlgit/2\n",
    );
  });

  it("makes git diff show oids and sizes", async () => {
    work.write("a.bin", "old");
    await work.commit();
    work.write("a.bin", "newer");
    const { stdout } = await work.git(["diff"]);
    expect(stdout).toContain(
      `-oid sha256:${oidOf("old")}\n-size 3 (3 B)\n+oid sha256:${oidOf("newer")}\n+size 5 (5 B)\n`,
    );
    await work.git(["checkout", "-q", "a.bin"]);
    expect((await work.git(["diff"])).stdout).toBe("");
  });

  it("makes git blame show which commit each line is of, and puts none of that into the cache", async () => {
    work.write("data/b.csv", "id\n1\n");
    const first = await work.commit();
    const before = (await work.mlgit(["du"])).stdout;
    const { stdout } = await work.git(["blame", "-l", "data/b.csv"]);
    expect(
      stdout
        .split("\n")
        .slice(0, -1)
        .map((line) => line.slice(0, 40)),
    ).toEqual([first, first, first, first]);
    expect(stdout).toContain(") csv: 1 column, 1 row\n");
    expect((await work.git(["blame", "-l", "--no-textconv", "data/b.csv"])).stdout).toContain(`${first} `);
    work.write("data/b.csv", "id\n1\n2\n");
    const changed = (await work.git(["annotate", "data/b.csv"])).stdout;
    expect(changed).toMatch(/Not Committed Yet.*oid sha256:/);
    expect(changed).toMatch(/Not Committed Yet.*csv: 1 column, 2 rows/);
    expect(changed).not.toMatch(/Not Committed Yet.*id: integer/);
    expect((await work.mlgit(["du"])).stdout).toBe(before);
    await work.git(["checkout", "-q", "data/b.csv"]);
  });

  it("shows what a table holds, in git diff and git log -p, from the cache alone", async () => {
    work.write("data/t.csv", "id,name\n1,a\n");
    await work.commit();
    await work.git(["push", "-q", "origin", "main"]);
    work.write("data/t.csv", "id,name,score\n1,a,0.5\n2,b,1\n");
    expect((await work.git(["diff"])).stdout).toMatch(
      /\n-csv: 2 columns, 1 row\n(.*\n)*\+csv: 3 columns, 2 rows\n {3}id: integer\n {3}name: text\n\+ {2}score: number\n/,
    );
    await work.commit();
    expect((await work.git(["log", "-p", "-1"])).stdout).toContain("\n+csv: 3 columns, 2 rows\n");
    await work.git(["push", "-q", "origin", "main"]);
    const other = await team.clone("other", { args: ["-b", "main"] });
    const { stdout } = await other.git(["log", "-p", "-1"]);
    expect(stdout).toContain("\n-not in the cache, so not looked into: git mlgit fetch brings it\n");
    expect(stdout).toContain("\n+csv: 3 columns, 2 rows\n");
    // Whoever asks for the bytes themselves gets them.
    expect((await other.git(["cat-file", "--filters", "HEAD~1:data/t.csv"])).stdout).toBe("id,name\n1,a\n");
    expect((await other.git(["log", "-p", "-1"])).stdout).toContain("\n-csv: 2 columns, 1 row\n");
  }, 240_000);

  it("never ends a diff: what is broken or cannot be looked into has its oid and size", async () => {
    work.write("data/b.parquet", "PAR1 and then nothing");
    await work.commit();
    const { stdout } = await work.git(["log", "-p", "-1"]);
    expect(stdout).toContain("+size 21 (21 B)\n+parquet: broken\n");
    // A cache that is no folder.
    const cache = `mlgit.cache=${team.box.write("no-folder", "x")}`;
    const pointer = team.box.write("b.csv", pointerOf("hello"));
    expect((await work.git(["-c", cache, "mlgit", "textconv", pointer])).stdout).toMatch(
      new RegExp(`^oid sha256:${oidOf("hello")}\nsize 5 \\(5 B\\)\nnot looked into: .*\n$`),
    );
  }, 240_000);

  it("needs a file", async () => {
    expect((await work.mlgit(["textconv"], { code: 2 })).stderr).toContain("needs a file");
  });
});
