import { appendFileSync, chmodSync, closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, jest } from "@jest/globals";
import { hashFile } from "../../src/util/hash-file.ts";
import { hashSettled } from "../../src/util/hash-settled.ts";
import { useLoopDisk } from "../helper/loop-disk.ts";

jest.setTimeout(60_000);

const later = () => Date.now() + 5000;
const disks = useLoopDisk();

/** What comes of a file in a folder; `meanwhile` happens after it was read and before it is judged. */
function settled(folder: string, now: () => number, meanwhile: (path: string) => void = () => {}) {
  const path = join(folder, "file");
  writeFileSync(path, "some bytes");
  const right = hashFile(path);
  const fd = openSync(path, "r");
  const hash = () => {
    const hex = hashFile(path);
    meanwhile(path);
    return hex;
  };
  try {
    const got = hashSettled(fd, { hash, now });
    return got === right ? "the hash" : got;
  } finally {
    closeSync(fd);
  }
}

for (const type of ["xfs", "btrfs"] as const)
  it(`is certain on ${type} of a file that nobody wrote for some seconds, and of no other`, () => {
    const path = disks.mount(type);
    if (path === undefined) return;
    expect(settled(path, later)).toBe("the hash");
    expect(settled(path, Date.now)).toBeUndefined();
    // A clock that was set back.
    expect(settled(path, () => 0)).toBeUndefined();
    expect(settled(path, later, (file) => appendFileSync(file, "more"))).toBeUndefined();
    // Its bytes are the same, but that is not known.
    expect(settled(path, later, (file) => chmodSync(file, 0o600))).toBeUndefined();
  });

it("is certain nowhere else", () => {
  const path = disks.mount("ext4");
  if (path === undefined) return;
  expect(settled(path, later)).toBeUndefined();
});
