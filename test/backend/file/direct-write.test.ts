import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { writeDirect } from "../../../src/backend/file/direct-write.ts";
import { removeQuietly, writeTemporary } from "../../../src/backend/file/file-write.ts";
import { alignedBytes } from "../../../src/util/aligned.ts";
import { randomBytesOf } from "../../helper/random.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-direct-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const path = join(root, "object");
const content = randomBytesOf(1, 12_000_000);

function alignedCopy(length: number): Uint8Array {
  const bytes = alignedBytes(length);
  bytes.set(content.subarray(0, length));
  return bytes;
}

describe("a large object in a folder", () => {
  it.each([
    ["aligned", 12_000_000, () => alignedCopy(12_000_000)],
    ["aligned and of whole pages", 2 << 20, () => alignedCopy(2 << 20)],
    ["that begins anywhere", 11_999_999, () => content.subarray(1)],
    ["small", 5000, () => alignedCopy(5000)],
  ])("has all its bytes, %s, and is reported as it is written", async (_, length, make) => {
    const body = make();
    let told = 0;
    const temporary = await writeTemporary(path, body, { mode: 0o444, onProgress: (bytes) => (told += bytes) });
    expect(readFileSync(temporary).equals(body)).toBe(true);
    expect(told).toBe(length);
    await removeQuietly(temporary);
  });

  it("may be written by nobody afterwards, like a small one", async () => {
    const modes = [5000, 2_000_000].map(async (length) => {
      const temporary = await writeTemporary(path, alignedCopy(length), { mode: 0o440 });
      const { mode } = statSync(temporary);
      await removeQuietly(temporary);
      return mode & 0o7777;
    });
    const [small, large] = await Promise.all(modes);
    expect(large).toBe(small);
    expect(large! & 0o222).toBe(0);
  });

  it("is not begun past the page cache where memory does not begin at a page", async () => {
    const temporary = await writeTemporary(path, new Uint8Array(0), { mode: 0o600 });
    expect(await writeDirect(temporary, content.subarray(3), {})).toBe(0);
    expect(statSync(temporary).size).toBe(0);
  });
});
