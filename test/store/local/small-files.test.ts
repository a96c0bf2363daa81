import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "@jest/globals";
import { loadChunkHash } from "../../../src/chunk/chunk-hash.ts";
import { Cache } from "../../../src/store/local/cache.ts";
import { CacheLayout } from "../../../src/store/local/layout.ts";
import { ReuseLog } from "../../../src/store/local/reuse-log.ts";
import { type SmallContent, SmallFiles } from "../../../src/store/local/small-files.ts";
import { UnreadFiles } from "../../../src/store/local/unread-files.ts";
import { VerifiedLog } from "../../../src/store/local/verified-log.ts";
import { oidOf } from "../../helper/pointer-of.ts";
import { randomBytesOf } from "../../helper/random.ts";

const hash = await loadChunkHash();
const root = mkdtempSync(join(tmpdir(), "mlgit-small-files-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function logsOf({ journal }: CacheLayout) {
  return { verified: new VerifiedLog(journal), reused: new ReuseLog(journal), unread: new UnreadFiles() };
}

function open(name: string): SmallFiles {
  const layout = new CacheLayout(join(root, name));
  layout.prepare();
  return new SmallFiles(layout, hash, logsOf(layout));
}

const small = (i: number): SmallContent => {
  const content = randomBytesOf(i, 5000 + i);
  return { oid: oidOf(content), content };
};

it("stores every file of a batch, also when a damaged pack turns up in the middle and is mended", async () => {
  const elsewhere = open("elsewhere");
  elsewhere.putAll([small(1), small(2)]);
  elsewhere.close();
  const from = join(root, "elsewhere", "packs");

  const files = open("cache");
  files.put(small(3).oid, small(3).content);
  files.flush();
  function* batch() {
    yield small(4);
    yield small(5);
    for (const name of readdirSync(from)) {
      const to = join(root, "cache", "packs", name);
      if (name.endsWith(".idx")) writeFileSync(to, "no index");
      else copyFileSync(join(from, name), to);
    }
    // That it is there already makes it look at the folder again.
    yield small(3);
  }
  files.putAll(batch());
  expect(readdirSync(join(root, "cache", "bad"))).toHaveLength(2);
  for (const one of [files, open("cache")])
    for (let i = 1; i <= 5; i++) expect(one.read(small(i).oid)?.content.equals(small(i).content)).toBe(true);
  files.close();
  const later = await Cache.open(join(root, "cache"));
  for (let i = 1; i <= 5; i++) expect(later.has(small(i).oid)).toBe(true);
});

it("names the pack that a disk does not give, and leaves it where it is", () => {
  const before = open("unreadable");
  before.put(small(1).oid, small(1).content);
  before.close();
  const layout = new CacheLayout(join(root, "unreadable"));
  const logs = logsOf(layout);
  // As the system says it where a sector cannot be read.
  logs.verified.holds = () => {
    throw Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" });
  };
  const files = new SmallFiles(layout, hash, logs);
  const [name = ""] = readdirSync(layout.packs).filter((one) => one.endsWith(".pack"));
  expect(() => files.read(small(1).oid)).toThrow(
    expect.objectContaining({
      kind: "disk",
      message: expect.stringMatching(`cannot read .*${name}: input/output error`),
      hint: expect.stringContaining("smartctl"),
    }),
  );
  expect(readdirSync(layout.packs)).toContain(name);
  // What was in it is looked for elsewhere, and can be stored anew.
  expect(files.holds(small(1).oid)).toBe(false);
  expect(logs.unread.problem).toMatchObject({ kind: "disk", path: join(layout.packs, name) });
  logs.verified.holds = () => false;
  files.put(small(1).oid, small(1).content);
  files.flush();
  expect(files.read(small(1).oid)?.content.equals(small(1).content)).toBe(true);
});
