import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import type { Cache } from "../../src/store/local/cache.ts";
import type { Receiver } from "../../src/transfer/receiver.ts";
import { SecondCopy } from "../../src/transfer/second-copy.ts";
import { useLoopDisk } from "../helper/loop-disk.ts";

const disks = useLoopDisk();
const large = 64 << 20;

/** The copy of a file that comes to `first`, and what its receiver was handed. */
function copyOf(folders: { first: string; copy: string }, receiver: Partial<Receiver> & { size?: number }) {
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
  const [first, path] = [join(folders.first, "fetch"), Buffer.from(join(folders.copy, "copy"))];
  const handed: string[] = [];
  const tools = {
    cache: {} as Cache,
    receiver: {
      arrived: () => {},
      copyTo: () => path,
      copied: (_, it) => handed.push(`${it}`),
      ...receiver,
    } as Receiver,
  };
  return { copy: SecondCopy.of({ oid: "a", size: receiver.size ?? large }, first, tools), first, path, handed };
}

describe("the second copy of a large file", () => {
  it("is for the cache where that is the repository's own, and what came for the receiver", () => {
    const disk = disks.mount("ext4");
    if (disk === undefined) return;
    const folders = { first: join(disk, "tmp"), copy: join(disk, "git") };
    const { copy, first, handed } = copyOf(folders, { ownsCache: true });
    expect(copy?.isForCache).toBe(true);
    copy?.hand();
    expect(handed).toEqual([first]);
  });

  it("is for the receiver where the cache may be somebody else's, the file is not so large, or a rename cannot get there", () => {
    const disk = disks.mount("xfs");
    if (disk === undefined) return;
    const folders = { first: join(disk, "tmp"), copy: join(disk, "git") };
    for (const made of [
      copyOf(folders, {}),
      copyOf(folders, { ownsCache: true, size: large - 1 }),
      copyOf({ ...folders, first: join(`${disk}-beside`, "tmp") }, { ownsCache: true }),
    ]) {
      expect(made.copy?.isForCache).toBe(false);
      made.copy?.hand();
      expect(made.handed).toEqual([`${made.path}`]);
    }
  });

  it("is none where nobody wants one", () => {
    const tools = { cache: {} as Cache, receiver: { arrived: () => {} } };
    expect(SecondCopy.of({ oid: "a", size: large }, "/somewhere", tools)).toBeUndefined();
  });
});
