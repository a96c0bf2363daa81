import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createSandbox, randomBytes } from "../helper/sandbox.ts";

interface Finding {
  readonly check: string;
  readonly state: string;
  readonly message: string;
  readonly fix?: string;
}

describe("git mlgit doctor", () => {
  const box = createSandbox();
  afterAll(() => box.remove());
  let cwd = "";
  const doctor = async (code: number, where = cwd) => {
    const { stdout } = await box.mlgit(["doctor", "--json"], { cwd: where, code });
    return (JSON.parse(stdout) as { findings: Finding[] }).findings;
  };
  const wrong = (findings: Finding[]) => findings.filter(({ state }) => state === "bad");

  beforeAll(async () => {
    await box.git(["init", "-q", "--bare", box.path("remote.git")]);
    cwd = await box.init("r");
    await box.git(["remote", "add", "origin", box.path("remote.git")], { cwd });
  });

  it("names what is missing before init, each with a command that mends it", async () => {
    const found = wrong(await doctor(1));
    expect(new Set(found.map(({ check }) => check))).toEqual(new Set(["filter", "hooks"]));
    expect(found.every(({ fix }) => fix === "git mlgit init")).toBe(true);
  });

  it("is content after init and track, and changes nothing", async () => {
    await box.mlgit(["init"], { cwd });
    await box.mlgit(["track", "*.bin"], { cwd });
    await box.git(["add", "."], { cwd });
    await box.git(["commit", "-qm", "x"], { cwd });
    expect((await box.mlgit(["doctor"], { cwd })).stdout).toContain("nothing is wrong");
    expect((await doctor(0)).filter(({ state }) => state !== "ok")).toEqual([]);
    expect((await box.git(["status", "--porcelain"], { cwd })).stdout).toBe("");
    expect(readdirSync(box.path("r/.git")).filter((name) => name.includes("doctor"))).toEqual([]);
  });

  it("sees raw bytes under a tracked path, and its advice helps", async () => {
    box.write("r/raw.bin", randomBytes(1, 3000));
    const raw = ["-c", "filter.mlgit.process=", "-c", "filter.mlgit.clean=", "-c", "filter.mlgit.required=false"];
    await box.git([...raw, "add", "."], { cwd });
    await box.git(["commit", "-qnm", "raw"], { cwd });
    expect(wrong(await doctor(1))).toMatchObject([{ check: "content", message: expect.stringContaining("raw.bin") }]);
    await box.git(["add", "--renormalize", "."], { cwd });
    await doctor(0);
  });

  it("sees an encoding that git applies to pointers, which no adding mends, also for files that git refuses to add", async () => {
    const attributes = box.read("r/.gitattributes").toString();
    box.write(
      "r/.gitattributes",
      `${attributes}*.u16.bin working-tree-encoding=UTF-16\nr*.u8.bin working-tree-encoding=UTF-8\n`,
    );
    box.write("r/a.u16.bin", "no byte order mark");
    box.write("r/r.u8.bin", "fine");
    await box.git(["add", "a.u16.bin"], { cwd, code: 128 });
    const [finding, ...more] = wrong(await doctor(1));
    expect(finding).toMatchObject({
      check: "encoding",
      message: expect.stringMatching(/1 tracked file, .*: a\.u16\.bin$/),
    });
    expect(more).toEqual([]);
    box.write("r/.gitattributes", attributes);
    rmSync(box.path("r/a.u16.bin"));
    rmSync(box.path("r/r.u8.bin"));
    await doctor(0);
  });

  it("sees hooks that git does not run", async () => {
    chmodSync(box.path("r/.git/hooks/pre-push"), 0o644);
    expect(wrong(await doctor(1))).toMatchObject([{ fix: `chmod +x '${box.path("r/.git/hooks/pre-push")}'` }]);
    chmodSync(box.path("r/.git/hooks/pre-push"), 0o755);
    await box.git(["config", "core.hooksPath", box.path("elsewhere")], { cwd });
    const found = await doctor(1);
    expect(found.filter(({ message }) => message.startsWith("core.hooksPath"))).toHaveLength(1);
    await box.mlgit(["init"], { cwd });
    await doctor(0);
  });

  it("warns of an index that git itself breaks", async () => {
    for (const name of ["core.splitIndex", "index.sparse"]) await box.git(["config", name, "true"], { cwd });
    const found = wrong(await doctor(1)).filter(({ check }) => check === "index");
    expect(found).toMatchObject([{ message: expect.stringContaining("index.sparse") }]);
    for (const name of ["core.splitIndex", "index.sparse"]) await box.git(["config", "--unset", name], { cwd });
    expect((await doctor(0)).filter(({ check }) => check === "index")).toEqual([]);
  });

  it("sees another program's filter and a store that is not there", async () => {
    await box.git(["config", "filter.mlgit.clean", "cat"], { cwd });
    expect(wrong(await doctor(1))).toMatchObject([{ fix: "git mlgit install --local --force" }]);
    await box.mlgit(["install", "--local", "--force"], { cwd });
    mkdirSync(box.path("data"));
    await box.mlgit(["store", "add", "data", "../data"], { cwd });
    await doctor(0);
    rmSync(box.path("data"), { recursive: true });
    expect(wrong(await doctor(1))).toMatchObject([{ check: "store", fix: expect.stringContaining("mkdir") }]);
  });

  const elsewhere = "/dev/shm";
  const differs = existsSync(elsewhere) && statSync(elsewhere).dev !== statSync(tmpdir()).dev;
  (differs ? it : it.skip)("promises no links to a worktree on another file system than the cache", async () => {
    const other = mkdtempSync(join(elsewhere, "mlgit-doctor-"));
    try {
      await box.git(["worktree", "add", "-q", join(other, "w")], { cwd });
      const found = (await doctor(1, join(other, "w"))).filter(({ check }) => check === "links");
      expect(found).toMatchObject([{ state: "note", message: expect.stringContaining("is a copy") }]);
      await box.git(["config", "mlgit.cache", join(other, "cache")], { cwd });
      const beside = (await doctor(1, join(other, "w"))).filter(({ check }) => check === "links");
      expect(beside).toMatchObject([{ state: "ok" }]);
      await box.git(["config", "--unset", "mlgit.cache"], { cwd });
    } finally {
      rmSync(other, { recursive: true, force: true });
      await box.git(["worktree", "prune"], { cwd });
    }
  });

  it("looks at the machine alone outside of a repository", async () => {
    const findings = await doctor(1, box.home);
    expect(findings.map(({ check }) => check)).toEqual(["git", "node", "program", "filter", "repository"]);
  });
});
