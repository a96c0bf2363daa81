import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { PktReader, PktWriter } from "../../src/git/pkt-line.ts";
import { randomBytes } from "../helper/sandbox.ts";

const folder = mkdtempSync(join(tmpdir(), "mlgit-pkt-"));
afterAll(() => rmSync(folder, { recursive: true }));

function withReader<T>(bytes: string | Uint8Array, use: (reader: PktReader) => T): T {
  const path = join(folder, "in");
  writeFileSync(path, bytes);
  const fd = openSync(path, "r");
  try {
    return use(new PktReader(fd));
  } finally {
    closeSync(fd);
  }
}

describe("PktReader", () => {
  it("reads data, flush and the end of the stream", () => {
    withReader("0006a\n00000005b", (reader) => {
      expect([reader.next(), reader.line.toString()]).toEqual(["data", "a"]);
      expect(reader.next()).toBe("flush");
      expect([reader.next(), reader.payload.toString()]).toEqual(["data", "b"]);
      expect(reader.next()).toBe("eof");
    });
  });

  it("reads the special packets of protocol version 2 and an empty packet", () => {
    withReader("000100020004", (reader) => {
      expect([reader.next(), reader.next(), reader.next()]).toEqual(["delim", "response-end", "data"]);
      expect(reader.payload).toHaveLength(0);
    });
  });

  it.each(["0", "000", "0006", "0006a", "fff"])("refuses a stream that ends inside a packet: %j", (bytes) => {
    expect(() => withReader(bytes, (reader) => reader.next())).toThrow("ended inside a packet");
  });

  it.each(["0003", "zzzz", "fff1", "ffff", "GET /"])("refuses what is not a packet: %j", (bytes) => {
    expect(() => withReader(bytes, (reader) => reader.next())).toThrow("not a packet of git's");
  });
});

describe("PktWriter", () => {
  it.each([0, 1, 8192, 8193, 65_515, 65_516, 65_517, 70_000_000])("writes %d bytes that read back the same", (size) => {
    const path = join(folder, "out");
    const fd = openSync(path, "w");
    const writer = new PktWriter(fd);
    const bytes = randomBytes(size, Math.min(size, 100_000));
    const whole = size > bytes.length ? Buffer.alloc(size, bytes) : bytes;
    writer.line("before");
    writer.data(whole);
    writer.flush();
    writer.send();
    closeSync(fd);
    withReader(readFileSync(path), (reader) => {
      expect([reader.next(), reader.line.toString()]).toEqual(["data", "before"]);
      const parts: Buffer[] = [];
      while (reader.next() === "data") parts.push(Buffer.from(reader.payload));
      expect(Buffer.concat(parts).equals(whole)).toBe(true);
    });
  });

  it("waits for a slow reader of a pipe and loses nothing", async () => {
    const script = `setTimeout(() => process.stdin.on("data", (b) => { n += b.length }).on("end", () => console.log(n)), 300); let n = 0`;
    const reader = spawn("node", ["-e", script], { stdio: ["pipe", "pipe", "inherit"] });
    const fd = (reader.stdin as unknown as { _handle: { fd: number } })._handle.fd;
    const writer = new PktWriter(fd);
    writer.data(Buffer.alloc(3 * 65_516));
    writer.send();
    reader.stdin.end();
    let seen = "";
    for await (const chunk of reader.stdout) seen += chunk;
    expect(Number(seen)).toBe(3 * 65_520);
  });

  it("says that nobody reads any more", () => {
    const reader = spawn("true", [], { stdio: ["pipe", "ignore", "ignore"] });
    const fd = (reader.stdin as unknown as { _handle: { fd: number } })._handle.fd;
    const writer = new PktWriter(fd);
    reader.stdin.on("error", () => {});
    expect(() => {
      for (let i = 0; i < 1000; i++) writer.data(Buffer.alloc(65_516));
    }).toThrow("git stopped reading");
  });
});
