import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "@jest/globals";
import { loadChunkHash } from "../../src/chunk/chunk-hash.ts";
import { Meanwhile } from "../../src/commands/meanwhile.ts";
import type { Repository } from "../../src/git/repository.ts";
import { SegmentBuilder } from "../../src/store/index/segment-builder.ts";
import { Cache } from "../../src/store/local/cache.ts";
import { wholeFileLimit } from "../../src/store/local/layout.ts";
import { notePlace } from "../../src/store/store-places.ts";
import { oidOf } from "../helper/pointer-of.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-meanwhile-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;

const oid = oidOf("some content");

describe("what the filter does while git is busy", () => {
  let folder: string;
  let cache: Cache;
  let repository: Repository;
  let hooks: number;
  let failed: string[];
  beforeEach(async () => {
    folder = join(root, `${made++}`);
    const gitDir = join(folder, "git");
    mkdirSync(gitDir, { recursive: true });
    repository = { workTree: folder, gitDir, commonDir: gitDir, objectFormat: "sha1", prefix: "" };
    cache = await Cache.open(join(folder, "cache"));
    hooks = 0;
    failed = [];
  });

  const item = { path: Buffer.from("data/a"), oid, size: wholeFileLimit };
  const listed = () => existsSync(join(repository.gitDir, "mlgit-deferred"));

  function begin(): Meanwhile {
    const meanwhile = new Meanwhile({
      repository,
      cache,
      hooks: async () => {
        hooks++;
      },
      failed: (path) => failed.push(path.toString()),
    });
    meanwhile.defer(item, undefined);
    return meanwhile;
  }

  /** As git replaces it. */
  const newIndex = () => appendFileSync(join(repository.gitDir, "index"), "an index");

  /** A copy of a store's index, one of whose rows points nowhere. */
  async function damageIndexCopy(): Promise<void> {
    const segment = new SegmentBuilder();
    segment.pack("1".repeat(64), 1000, 1);
    segment.file({ oid, size: 12, pack: 0, first: 0, count: 1, manifest: false });
    const { id, bytes } = segment.finish(await loadChunkHash());
    const damaged = Buffer.from(bytes);
    damaged.fill(0xff, damaged.indexOf(Buffer.from(oid, "hex")) + 32, damaged.indexOf(Buffer.from(oid, "hex")) + 40);
    notePlace(cache.layout.index, "file:///store", "store");
    writeFileSync(join(cache.layout.index, "store", id), damaged);
  }

  it("is done once", async () => {
    const meanwhile = begin();
    for (let i = 0; i < 3; i++) await meanwhile.prepare();
    expect(hooks).toBe(1);
  });

  it("puts a path on the list before git has its answer: its hooks look there", () => {
    expect(listed()).toBe(false);
    begin();
    expect(listed()).toBe(true);
  });

  it("tells which paths could not be put on the list", async () => {
    mkdirSync(join(repository.gitDir, "mlgit-deferred"));
    const meanwhile = begin();
    await meanwhile.prepare();
    expect(failed).toEqual(["data/a"]);
    await meanwhile.prepare();
    expect(failed).toEqual(["data/a"]);
  });

  it("asks of what may be linked whether a store has it, and not of what is small", async () => {
    const asked: string[] = [];
    cache.isElsewhere = (one) => asked.push(one) > 0;
    const meanwhile = begin();
    meanwhile.defer({ path: Buffer.from("data/b"), oid: oidOf("another"), size: wholeFileLimit - 1 }, undefined);
    await meanwhile.prepare();
    await meanwhile.prepare();
    expect(asked).toEqual([oid]);
  });

  it("takes no notice of a damaged copy of a store's index, which knows nothing then", async () => {
    await damageIndexCopy();
    await begin().prepare();
    expect(hooks).toBe(1);
    expect(cache.isElsewhere(oid)).toBe(false);
  });

  it("takes no notice of a cache that cannot be looked into", async () => {
    const meanwhile = begin();
    newIndex();
    // A link that leads to itself does not say that there is none.
    rmSync(cache.layout.files, { recursive: true });
    symlinkSync("files", cache.layout.files);
    expect(() => cache.knownFile(oid)).toThrow("ELOOP");
    await meanwhile.prepare();
    expect(hooks).toBe(1);
  });

  it("takes no notice of a repository that cannot be looked into", async () => {
    rmSync(repository.gitDir, { recursive: true });
    symlinkSync("git", repository.gitDir);
    const meanwhile = begin();
    await meanwhile.prepare();
    expect(hooks).toBe(1);
  });

  it("takes no notice of hooks that cannot be looked at: whoever waits for them is told", async () => {
    const hooks = () => Promise.reject(new Error("EACCES"));
    const meanwhile = new Meanwhile({ repository, cache, hooks, failed: (path) => failed.push(path.toString()) });
    meanwhile.defer(item, undefined);
    await meanwhile.prepare();
    expect(failed).toEqual([]);
  });
});
