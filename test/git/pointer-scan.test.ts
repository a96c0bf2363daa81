import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { afterAll, describe, expect, it } from "@jest/globals";
import { scanPointers } from "../../src/git/pointer-scan.ts";
import { findRepository } from "../../src/git/repository.ts";
import { createSandbox, randomBytes } from "../helper/sandbox.ts";

describe("scanPointers", () => {
  const box = createSandbox();
  afterAll(() => box.remove());

  async function commit(cwd: string, message: string): Promise<string> {
    await box.git(["add", "."], { cwd });
    await box.git(["commit", "-qm", message], { cwd });
    return (await box.git(["rev-parse", "HEAD"], { cwd })).stdout.trim();
  }

  async function scan(cwd: string, include: string[], exclude: string[] = [], missing: string[] = []) {
    const found = new Map<string, string>();
    const repository = await findRepository(cwd);
    for await (const some of scanPointers(repository, { include, exclude, onMissing: (oid) => missing.push(oid) }))
      for (const one of some) found.set(one.path, one.bytes.toString());
    return found;
  }

  it("finds the small blobs of a range and nothing else", async () => {
    const cwd = await box.init("range");
    box.write("range/old", "old\n");
    box.write("range/dir with space/1023", "x".repeat(1023));
    box.write("range/1024", "x".repeat(1024));
    box.write("range/large", randomBytes(1, 100_000));
    const first = await commit(cwd, "one");
    box.write("range/new", "new\n");
    box.write("range/line\nbreak", "odd\n");
    box.write("range/empty", "");
    const second = await commit(cwd, "two");
    expect([...(await scan(cwd, [first])).keys()].sort()).toEqual(["dir with space/1023", "old"]);
    const added = await scan(cwd, [second], [first]);
    expect(Object.fromEntries(added)).toEqual({ new: "new\n", line: "odd\n", empty: "" });
  });

  it("leaves out excluded commits that are not known here", async () => {
    const cwd = box.path("range");
    expect((await scan(cwd, ["HEAD"], ["0123456789012345678901234567890123456789"])).size).toBe(5);
  });

  it("takes tags of blobs, and options that name many refs", async () => {
    const cwd = box.path("range");
    await box.git(["tag", "-am", "x", "blobtag", "HEAD:1024"], { cwd });
    await box.git(["tag", "-am", "x", "smalltag", "HEAD:old"], { cwd });
    expect([...(await scan(cwd, ["blobtag", "smalltag"])).values()]).toEqual(["old\n"]);
    expect((await scan(cwd, ["--all", "--reflog", "--indexed-objects"])).size).toBe(5);
    expect((await scan(cwd, ["--branches"], ["--branches"])).size).toBe(0);
  });

  it("throws on an unknown revision and on a damaged repository", async () => {
    const cwd = await box.init("damaged");
    box.write("damaged/a", "a\n");
    await commit(cwd, "one");
    await expect(scan(cwd, ["nowhere"])).rejects.toThrow(/rev-list failed.*nowhere/);
    const blob = (await box.git(["rev-parse", "HEAD:a"], { cwd })).stdout.trim();
    await box.run("rm", ["-f", `.git/objects/${blob.slice(0, 2)}/${blob.slice(2)}`], { cwd });
    await expect(scan(cwd, ["HEAD"])).rejects.toThrow(/rev-list failed/);
  });

  it("reports what a partial clone lacks and fetches nothing", async () => {
    const source = await box.init("partial");
    await box.git(["config", "uploadpack.allowFilter", "true"], { cwd: source });
    box.write("partial/a", "first\n");
    await commit(source, "one");
    const clone = box.path("partial-clone");
    await box.git(["clone", "-q", "--no-checkout", "--filter=blob:none", `file://${source}`, clone]);
    const missing: string[] = [];
    expect((await scan(clone, ["HEAD"], [], missing)).size).toBe(0);
    expect(missing).toEqual([(await box.git(["rev-parse", "HEAD:a"], { cwd: source })).stdout.trim()]);
  });

  it("reads a repository with SHA-256 objects", async () => {
    const cwd = await box.init("sha256", "--object-format=sha256");
    box.write("sha256/a", "a\n");
    await commit(cwd, "one");
    expect([...(await scan(cwd, ["HEAD"])).entries()]).toEqual([["a", "a\n"]]);
  });

  it("streams many pointers in bounded memory, and stops when the reader does", async () => {
    const cwd = await box.init("many");
    const stream = createWriteStream(box.path("import"));
    for (let i = 0; i < 20_000; i++) stream.write(`blob\nmark :${i + 1}\ndata 20\n${String(i).padStart(19, "0")}\n\n`);
    stream.write("commit refs/heads/main\ncommitter a <a> 1 +0000\ndata 1\nx\n");
    for (let i = 0; i < 20_000; i++) stream.write(`M 100644 :${i + 1} d${i % 100}/f${i}\n`);
    stream.end();
    await once(stream, "finish");
    const importer = spawn("git", ["fast-import", "--quiet"], { cwd, env: box.env as NodeJS.ProcessEnv });
    createReadStream(box.path("import")).pipe(importer.stdin);
    await once(importer, "close");
    const repository = await findRepository(cwd);
    let count = 0;
    for await (const some of scanPointers(repository, { include: ["main"], exclude: [] })) {
      expect(some.length).toBeLessThan(2000);
      count += some.length;
    }
    expect(count).toBe(20_000);
    for await (const some of scanPointers(repository, { include: ["main"], exclude: [] })) {
      count -= some.length;
      if (count < 19_990) break;
    }
    expect(count).toBeGreaterThan(17_000);
  });
});
