import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Cache } from "../../../src/store/local/cache.ts";
import { randomBytesOf } from "../../helper/random.ts";

/** Sizes of one chunk, of several, and between: a file may end anywhere in relation to the cuts. */
const sizes = [1, 9, 5000, 32_768, 32_769, 70_000, 200_000, 400_001, 900_000, 10, 1_048_575, 123];

describe("a damaged pack of the cache whose files were never pushed", () => {
  const root = mkdtempSync(join(tmpdir(), "mlgit-salvage-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const contents = new Map<string, Buffer>();
  let made = 0;

  beforeAll(() => {
    for (const [i, size] of sizes.entries()) {
      const bytes = randomBytesOf(i + 1, size);
      contents.set(createHash("sha256").update(bytes).digest("hex"), bytes);
    }
  });

  async function filled(): Promise<{ folder: string; pack: string; index: string }> {
    const folder = join(root, `${made++}`);
    const cache = await Cache.open(folder);
    for (const bytes of contents.values()) {
      const ingest = cache.ingest();
      ingest.write(bytes);
      ingest.finish();
    }
    await cache.close();
    const names = readdirSync(join(folder, "packs"));
    const path = (ending: string) => join(folder, "packs", names.find((name) => name.endsWith(ending)) ?? "");
    return { folder, pack: path(".pack"), index: path(".idx") };
  }

  /** What another process gets: the oids that it cannot have. All others are checked byte for byte. */
  async function lost(folder: string): Promise<string[]> {
    const cache = await Cache.open(folder);
    const gone: string[] = [];
    for (const [oid, bytes] of contents) {
      let found: ReturnType<Cache["get"]>;
      try {
        found = cache.get(oid);
      } catch (error) {
        expect(error).toMatchObject({ kind: "corrupt" });
      }
      if (found?.kind === "bytes") expect(found.content.equals(bytes)).toBe(true);
      else gone.push(oid);
    }
    await cache.close();
    return gone;
  }

  function flip(path: string, at: number): void {
    const bytes = readFileSync(path);
    bytes[at]! ^= 0x10;
    writeFileSync(path, bytes);
  }

  it("keeps every other file when one byte of one file is wrong, wherever it is", async () => {
    let offset = 8;
    for (const [oid, bytes] of contents) {
      const { folder, pack } = await filled();
      flip(pack, offset + (bytes.length >> 1));
      offset += bytes.length;
      expect(await lost(folder)).toEqual([oid]);
      expect(await lost(folder)).toEqual([oid]);
      expect(readdirSync(join(folder, "bad"))).toHaveLength(2);
      expect(existsSync(pack)).toBe(false);
    }
  });

  it("loses nothing when the table at its end is damaged", async () => {
    for (const back of [1, 20, 40, 300, 700]) {
      const { folder, pack } = await filled();
      flip(pack, readFileSync(pack).length - back);
      expect(await lost(folder)).toEqual([]);
      expect(await lost(folder)).toEqual([]);
    }
  });

  it("loses nothing when its index is damaged, wherever", async () => {
    const length = readFileSync((await filled()).index).length;
    for (let at = 0; at < length; at += 97) {
      const { folder, index } = await filled();
      flip(index, at);
      expect(await lost(folder)).toEqual([]);
    }
  });

  it("keeps what lies before the place where it was cut off", async () => {
    const { folder, pack } = await filled();
    truncateSync(pack, 8 + 1 + 9 + 5000 + 32_768 + 32_769);
    const expected = [...contents.keys()].slice(5);
    expect(await lost(folder)).toEqual(expected);
  });

  it("keeps what is right when a pack lost its end and its index a row", async () => {
    const { folder, pack, index } = await filled();
    truncateSync(pack, 8 + 1 + 9 + 5000 + 100);
    flip(index, 8 + 40);
    // Either alone tells everything; of both damaged, what is left is proven by hashes or not given out.
    expect((await lost(folder)).length).toBeGreaterThanOrEqual(sizes.length - 3);
  });

  it("leaves the damaged pack where it is when there is no room to save the others", async () => {
    const { folder, pack } = await filled();
    flip(pack, 100);
    rmSync(join(folder, "tmp"), { recursive: true });
    writeFileSync(join(folder, "tmp"), "not a folder");
    const cache = await Cache.open(folder);
    const [oid] = [...contents.keys()].slice(2);
    expect(() => cache.get(oid ?? "")).toThrow();
    expect(existsSync(pack)).toBe(true);
  });
});
