import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { MemoryBackend } from "../../src/backend/memory/memory-backend.ts";
import { RemoteRepository } from "../../src/remote-helper/remote-repository.ts";
import { encodeRoot, nextRoot } from "../../src/remote-helper/root.ts";

describe("a repository whose store tells another story than before", () => {
  const folder = mkdtempSync(join(tmpdir(), "mlgit-seen-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("is noticed when it went back, and when it went on from there as if nothing had been pushed", async () => {
    const backend = new MemoryBackend();
    const said: string[] = [];
    const open = () => new RemoteRepository({ backend, url: "memory:", folder, warn: (text) => said.push(text) });
    const remote = open();
    const first = await remote.readOrCreate("sha1");
    const second = nextRoot(first.root, "a".repeat(16), {});
    expect(await remote.place.replace(first, second)).toBe(true);
    await remote.readExisting();
    const names = [];
    for await (const { handle } of backend.list("git")) if (handle.name === "root.json") names.push(handle.name);
    expect(names).toEqual(["root.json"]);
    expect(said).toEqual([]);

    const put = (root: typeof second) => backend.save({ type: "git", name: "root.json" }, encodeRoot(root));
    await put(first.root);
    await open().readExisting();
    expect(said.splice(0)).toEqual([expect.stringContaining(`went back from generation ${second.generation}`)]);

    await put(second);
    await open().readExisting();
    expect(said).toEqual([]);
    await put(nextRoot(nextRoot(first.root, "b".repeat(16), {}), "c".repeat(16), {}));
    await open().readExisting();
    expect(said).toEqual([expect.stringContaining("went on")]);
  });
});
