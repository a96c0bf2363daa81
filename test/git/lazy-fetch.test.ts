import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { openCatFile } from "../../src/git/cat-file.ts";
import { History, startPackObjects } from "../../src/git/history.ts";
import { absentObjects } from "../../src/git/lazy-fetch.ts";
import { findRepository } from "../../src/git/repository.ts";
import { knownRevisions } from "../../src/git/revision.ts";
import { scanIndex, scanTree } from "../../src/git/tree-scan.ts";
import { createSandbox } from "../helper/sandbox.ts";

jest.setTimeout(240_000);

const files = 30;

describe("a partial clone", () => {
  const box = createSandbox();
  afterAll(() => box.remove());
  let source: string;
  const blobs: string[] = [];

  beforeAll(async () => {
    source = await box.init("source");
    await box.git(["config", "uploadpack.allowFilter", "true"], { cwd: source });
    await box.git(["config", "uploadpack.allowAnySHA1InWant", "true"], { cwd: source });
    for (let i = 0; i < files; i++) box.write(`source/folder/file-${i}`, `content ${i}\n`);
    await box.git(["add", "."], { cwd: source });
    await box.git(["commit", "-qm", "one"], { cwd: source });
    const { stdout } = await box.git(["ls-tree", "-r", "--object-only", "HEAD"], { cwd: source });
    blobs.push(...stdout.trim().split("\n"));
  });

  /** A clone without blobs, or without trees; every request to its remote is counted. */
  async function clone(name: string, filter: string) {
    const cwd = box.path(name);
    await box.git(["clone", "-q", "--no-checkout", `--filter=${filter}`, `file://${source}`, cwd]);
    // Reads the index in, and no blob.
    if (filter === "blob:none") await box.git(["read-tree", "HEAD"], { cwd });
    box.write(`${name}.sh`, `#!/bin/sh\necho fetch >>"${box.path(name)}.log"\nexec git-upload-pack "$@"\n`);
    await box.run("chmod", ["+x", box.path(`${name}.sh`)]);
    await box.git(["config", "remote.origin.uploadpack", box.path(`${name}.sh`)], { cwd });
    box.write(`${name}.log`, "");
    return findRepository(cwd);
  }
  const countOf = (name: string) => box.read(`${name}.log`).toString().split("\n").length - 1;

  it("knows what is not here without fetching it", async () => {
    const repository = await clone("known", "blob:none");
    const head = (await box.git(["rev-parse", "HEAD"], { cwd: source })).stdout.trim();
    expect([...(await absentObjects(repository, [head, ...blobs]))].sort()).toEqual([...blobs].sort());
    expect(await knownRevisions(repository, [...blobs, head, "HEAD", "1".repeat(40)])).toEqual([head, "HEAD"]);
    const history = await History.open(repository);
    expect(await history.has(blobs[0]!)).toBe(false);
    expect(await history.has(head)).toBe(true);
    history.close();
    expect(countOf("known")).toBe(0);
  });

  it("leaves out of a scan of the index what it lacks", async () => {
    const repository = await clone("index", "blob:none");
    const found = [];
    for await (const file of scanIndex(repository)) found.push(file);
    expect(found).toEqual([]);
    expect(countOf("index")).toBe(0);
  });

  it("gets the files of a commit by one fetch, and not once more", async () => {
    const repository = await clone("tree", "blob:none");
    for (let round = 0; round < 2; round++) {
      const found = [];
      for await (const { bytes } of scanTree(repository, "HEAD")) found.push(bytes.toString());
      expect(found).toHaveLength(files);
      expect(found).toContain("content 7\n");
    }
    expect(countOf("tree")).toBe(1);
  });

  it("is asked for contents, which come by one fetch", async () => {
    const cat = await openCatFile(await clone("contents", "blob:none"));
    expect((await cat.contents(blobs)).map(({ type }) => type)).toEqual(blobs.map(() => "blob"));
    cat.close();
    expect(countOf("contents")).toBe(1);
  });

  it.each(["blob:none", "tree:0"])(
    "without %s gives another remote all of its history, by few fetches",
    async (filter) => {
      const name = filter.replace(":", "-");
      const repository = await clone(name, filter);
      const git = await startPackObjects(repository, ["HEAD"], []);
      const parts: Buffer[] = [];
      for await (const part of git.stdout) parts.push(part as Buffer);
      await git.done;
      const other = await box.init(`other-${name}`);
      await box.git(["index-pack", "--stdin", "--strict"], { cwd: other, input: Buffer.concat(parts) });
      const head = (await box.git(["rev-parse", "HEAD"], { cwd: source })).stdout.trim();
      await box.git(["rev-list", "--objects", "--quiet", head], { cwd: other });
      const fetches = countOf(name);
      expect(fetches).toBeLessThanOrEqual(3);
      expect(fetches).toBeGreaterThan(0);
    },
  );
});
