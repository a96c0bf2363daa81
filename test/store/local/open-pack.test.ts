import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { loadChunkHash } from "../../../src/chunk/chunk-hash.ts";
import { cutChunks } from "../../../src/store/local/cut-chunks.ts";
import { CacheLayout } from "../../../src/store/local/layout.ts";
import { OpenFolder, readPlace } from "../../../src/store/local/open-folder.ts";
import { type FileToPack, OpenPack } from "../../../src/store/local/open-pack.ts";
import { oidOf } from "../../helper/pointer-of.ts";
import { randomBytesOf } from "../../helper/random.ts";
import { mountSmallDisk } from "../../helper/small-disk.ts";

const hash = await loadChunkHash();
const root = mkdtempSync(join(tmpdir(), "mlgit-open-pack-"));
const disk = mountSmallDisk(root, 1);
afterAll(() => {
  disk?.unmount();
  rmSync(root, { recursive: true, force: true });
});

const page = 4096;

function file(content: Uint8Array): FileToPack {
  return { file: { oid: oidOf(content), size: content.length, chunks: cutChunks(content, hash) }, content };
}

/** Leaves so many bytes of the disk. */
function fillDisk(left: number): void {
  const filler = join(root, "filler");
  let size = 0;
  try {
    for (; ; size += page) writeFileSync(filler, Buffer.alloc(page), { flag: "a" });
  } catch {
    truncateSync(filler, size - left);
  }
}

/** What another process finds in a pack that this one writes. */
function promised(pack: OpenPack): OpenFolder {
  const folder = new OpenFolder(dirname(pack.dataPath));
  folder.refresh();
  return folder;
}

function expectRight(folder: OpenFolder, { file: { oid }, content }: FileToPack): void {
  const place = folder.places.get(oid);
  expect(place && readPlace(folder.dataPath, place).content.equals(content)).toBe(true);
}

(disk ? describe : describe.skip)("a pack that grows on a disk that gets full", () => {
  const layout = new CacheLayout(join(root, "cache"));
  layout.prepare();
  const many = Array.from({ length: 200 }, (_, i) => file(Buffer.from(`content ${i}`)));
  const first = file(randomBytesOf(1, 1000));
  const later = file(randomBytesOf(2, 1000));

  it.each([
    ["the bytes of a batch", [file(randomBytesOf(3, 2 * page)), ...many], page],
    ["its records, which are longer", many, page],
    ["its records, at once", many, 0],
  ])("keeps what it promised, and goes on, when there is no room for %s", (_, batch, left) => {
    const pack = OpenPack.create(layout);
    pack.put([first]);
    fillDisk(left);
    expect(() => pack.put(batch)).toThrow(expect.objectContaining({ kind: "disk" }));
    const seen = promised(pack);
    const known = [...seen.places.keys()];
    rmSync(join(root, "filler"));
    pack.put([later]);
    // Whoever looked meanwhile, and whoever looks now: of what a record was there once, the bytes stay where they are.
    seen.refresh();
    for (const one of [first, later, ...batch.filter(({ file: { oid } }) => known.includes(oid))])
      for (const folder of [seen, promised(pack)]) expectRight(folder, one);
    expect([...promised(pack).places.keys()]).toEqual([...pack.places.keys()]);
    const path = pack.finish(layout, hash) ?? "";
    expect(path).toContain(layout.packs);
    rmSync(path);
  });

  it("loses nothing when it cannot be finished, and is finished by whoever comes next", () => {
    const pack = OpenPack.create(layout);
    pack.put([first, later]);
    fillDisk(0);
    expect(() => pack.finish(layout, hash)).toThrow(expect.objectContaining({ kind: "disk" }));
    for (const one of [first, later]) expectRight(promised(pack), one);
    rmSync(join(root, "filler"));
  });
});
