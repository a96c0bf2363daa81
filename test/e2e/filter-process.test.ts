import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { oidOf, pointerOf } from "../helper/pointer-of.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("git mlgit filter-process under a real git", () => {
  let team: Team;
  let work: Clone;
  beforeAll(async () => {
    team = await createTeam();
    work = await createProject(team);
  });
  afterAll(() => team.box.remove());

  it("stores pointers in git and leaves the worktree's bytes", async () => {
    const bytes = randomBytes(1, 3_000_000);
    work.write("big.bin", bytes);
    work.write("data/small.txt", "hello\n");
    await work.commit();
    expect((await work.git(["cat-file", "blob", "HEAD:big.bin"])).stdout).toBe(pointerOf(bytes));
    expect((await work.git(["cat-file", "blob", "HEAD:data/small.txt"])).stdout).toBe(pointerOf("hello\n"));
    expect(work.read("big.bin").equals(bytes)).toBe(true);
    expect(await work.status()).toBe("");
  });

  it("passes empty files and pointers through, and takes a pointer with one more line for content", async () => {
    const pointer = pointerOf("hello\n");
    const future = "version mlgit/2\noid blake3:00\n";
    work.write("data/empty", "");
    work.write("data/pointer", pointer);
    work.write("data/longer", `${pointer}\n`);
    work.write("data/future", future);
    await work.git(["add", "."]);
    const staged = async (path: string) => (await work.git(["cat-file", "blob", `:data/${path}`])).stdout;
    expect(await staged("empty")).toBe("");
    expect(await staged("pointer")).toBe(pointer);
    expect(await staged("longer")).toBe(pointerOf(`${pointer}\n`));
    expect(await staged("future")).toBe(future);
    await work.git(["reset", "-q", "--hard"]);
  });

  it("decides at 1024 bytes whether something can be a pointer of a later version", async () => {
    for (const size of [1023, 1024, 1025]) {
      const text = `version mlgit/9\n${"x".repeat(size - 16)}`;
      work.write(`data/${size}`, text);
      await work.git(["add", "."]);
      const { stdout } = await work.git(["cat-file", "blob", `:data/${size}`]);
      expect(stdout).toBe(size < 1024 ? text : pointerOf(text));
    }
    await work.git(["reset", "-q", "--hard"]);
  });

  it("takes very large files in, and what comes in the place of one, whatever its size", async () => {
    const bytes = randomBytes(2, (64 << 20) + 5001);
    work.write("data/huge", bytes);
    work.write("data/huge.2", bytes.subarray(1));
    await work.git(["add", "data"]);
    const staged = async (path: string) => (await work.git(["cat-file", "blob", `:data/${path}`])).stdout;
    expect(await staged("huge")).toBe(pointerOf(bytes));
    expect(await staged("huge.2")).toBe(pointerOf(bytes.subarray(1)));
    rmSync(join(work.top, "data/huge"));
    await work.git(["checkout", "data/huge"]);
    expect(work.read("data/huge").equals(bytes)).toBe(true);
    // git filters what it is given by that name; the file itself is only a hint of how much comes.
    for (const other of ["", pointerOf("hello\n"), "short", randomBytes(3, 1_100_000)]) {
      const written = await work.git(["hash-object", "-w", "--stdin", "--path=data/huge"], { input: other });
      const blob = (await work.git(["cat-file", "blob", written.stdout.trim()])).stdout;
      expect(blob).toBe(typeof other === "string" && other !== "short" ? other : pointerOf(other));
    }
    await work.git(["reset", "-q", "--hard"]);
    await work.mlgit(["fsck"]);
  });

  it("brings every file back byte for byte, from the cache and from the store", async () => {
    const files = new Map(
      [0, 1, 1023, 32_768, 262_144, 262_145, 1_048_575, 1_048_576, 5_000_000].map((n) => [
        `s${n}.bin`,
        randomBytes(n, n),
      ]),
    );
    for (const [name, bytes] of files) work.write(name, bytes);
    await work.commit();
    await work.git(["push", "-q", "origin", "main"]);
    await work.git(["checkout", "-q", "HEAD~1"]);
    expect((await work.git(["ls-files", "s1.bin"])).stdout).toBe("");
    await work.git(["checkout", "-q", "main"]);
    const other = await team.clone("other");
    for (const clone of [work, other]) {
      for (const [name, bytes] of files) expect(oidOf(clone.read(name))).toBe(oidOf(bytes));
      expect(await clone.status()).toBe("");
    }
  });

  it("stores and brings back where there is no BLAKE3 addon", async () => {
    const env = { MLGIT_CHUNK_HASH: "wasm" };
    work.write("data/wasm", "hashed by WebAssembly\n");
    await work.git(["add", "data/wasm"], { env });
    rmSync(join(work.top, "data/wasm"));
    await work.git(["checkout", "-q", "--", "data/wasm"], { env });
    expect(work.read("data/wasm").toString()).toBe("hashed by WebAssembly\n");
    await work.git(["reset", "-q", "--hard"]);
  });

  it("warns of raw files and of pointers of a later version, once and by name", async () => {
    const blob = async (text: string) =>
      (await work.git(["hash-object", "-w", "--stdin"], { input: text })).stdout.trim();
    const raw = await blob("raw bytes\n");
    const future = await blob("version mlgit/7\noid x\n");
    await work.git(["update-index", "--add", "--cacheinfo", `100644,${raw},data/raw`]);
    await work.git(["update-index", "--add", "--cacheinfo", `100644,${future},data/future`]);
    const { stderr } = await work.git(["checkout-index", "-f", "data/raw", "data/future"]);
    expect(stderr).toMatch(
      /1 tracked file is stored in git itself and not as a pointer[^\n]*data\/raw\n[^\n]*git add --renormalize/,
    );
    expect(stderr).toMatch(/1 pointer is of a version[^\n]*data\/future/);
    expect(work.read("data/raw").toString()).toBe("raw bytes\n");
    expect(work.read("data/future").toString()).toBe("version mlgit/7\noid x\n");
    await work.git(["reset", "-q", "--hard"]);
  });
});
