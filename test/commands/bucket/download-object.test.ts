import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { ByteRange, FileInfo } from "../../../src/backend/backend.ts";
import type { Handle } from "../../../src/backend/handle.ts";
import { MemoryBackend } from "../../../src/backend/memory/memory-backend.ts";
import { downloadObject } from "../../../src/commands/bucket/download-object.ts";
import { randomBytes } from "../../helper/sandbox.ts";

/** Tags that are MD5s, as S3 has them; remembers what was asked for. */
class TaggingBackend extends MemoryBackend {
  readonly starts: number[] = [];
  readonly tag: string;

  constructor(tag: string) {
    super();
    this.tag = tag;
  }

  override load<T>(
    handle: Handle,
    range: ByteRange | undefined,
    use: (body: AsyncIterable<Uint8Array>, info: FileInfo) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    this.starts.push(range?.start ?? 0);
    return super.load(handle, range, (body, info) => use(body, { ...info, tag: this.tag }), signal);
  }
}

describe("downloadObject", () => {
  const parts = mkdtempSync(join(tmpdir(), "mlgit-download-"));
  const bytes = randomBytes("an object", 5 << 20);
  const backend = new TaggingBackend(createHash("md5").update(bytes).digest("hex"));
  const handle: Handle = { type: "plain", name: "a/b" };
  let object: FileInfo;
  beforeAll(async () => {
    object = { ...(await backend.save(handle, bytes)), tag: backend.tag };
  });
  afterAll(() => rmSync(parts, { recursive: true, force: true }));

  it("goes on where it was stopped, also in another process, and counts each byte once", async () => {
    const stop = new AbortController();
    let seen = 0;
    const onProgress = (count: number) => {
      seen += count;
      if (seen >= 2 << 20) stop.abort();
    };
    await expect(downloadObject(backend, object, { parts, signal: stop.signal, onProgress })).rejects.toMatchObject({
      kind: "interrupted",
    });
    expect(seen).toBe(0);
    const [name = ""] = readdirSync(parts);
    // A process that cannot be there any more.
    renameSync(join(parts, name), join(parts, name.replace(/-\d+-\d+$/, "-999999999-1")));
    let total = 0;
    const count = (more: number) => {
      total += more;
    };
    const file = await downloadObject(backend, object, {
      parts,
      signal: new AbortController().signal,
      onProgress: count,
    });
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(backend.starts).toEqual([0, 2 << 20]);
    expect(total).toBe(bytes.length);
    expect(readdirSync(parts)).toHaveLength(1);
  });

  it("does not believe a beginning whose sum is wrong", async () => {
    const [name = ""] = readdirSync(parts);
    writeFileSync(join(parts, name), Buffer.alloc(bytes.length));
    backend.starts.length = 0;
    const { signal } = new AbortController();
    const file = await downloadObject(backend, object, { parts, signal, onProgress: () => {} });
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(backend.starts).toEqual([0]);
  });

  it("refuses an object that became another one meanwhile", async () => {
    rmSync(parts, { recursive: true });
    const other = { ...object, tag: "0".repeat(32) };
    const { signal } = new AbortController();
    await expect(downloadObject(backend, other, { parts, signal, onProgress: () => {} })).rejects.toMatchObject({
      kind: "conflict",
    });
  });
});
