import { gzipSync } from "node:zlib";
import { describe, expect, it } from "@jest/globals";
import { CompressionHistories, CompressionProbe } from "../../src/chunk/compression-probe.ts";

const zip = (method: number) => Buffer.from([0x50, 0x4b, 3, 4, 20, 0, 0, 0, method, 0, 0, 0, 0, 0, 0, 0]);

/** Which of so many chunks are tried when each try comes to `stored` of 100 bytes. */
function tries(probe: CompressionProbe, chunks: number, stored: number): number[] {
  const tried: number[] = [];
  for (let i = 0; i < chunks; i++) {
    if (!probe.wants()) continue;
    tried.push(i);
    probe.note(100, stored);
  }
  return tried;
}

describe("the compression probe", () => {
  it.each([
    ["JPEG", Buffer.from("ffd8ffe000104a464946", "hex")],
    ["PNG", Buffer.from("89504e470d0a1a0a", "hex")],
    ["gzip", gzipSync("x")],
    ["zstd", Buffer.from("28b52ffd20", "hex")],
    ["MP4", Buffer.from("....ftypisom")],
    ["WebP", Buffer.from("RIFF....WEBPVP8 ")],
    ["Parquet", Buffer.from("PAR1....")],
    ["a zip of deflated entries", zip(8)],
  ])("never tries %s", (_, start) => {
    expect(tries(new CompressionProbe(start), 100, 30)).toEqual([]);
  });

  it.each([
    ["nothing", Buffer.alloc(0)],
    ["text", Buffer.from("id,label\n")],
    ["a RIFF that is not WebP", Buffer.from("RIFF....WAVEfmt ")],
    ["a zip of stored entries, as PyTorch writes", zip(0)],
  ])("tries every chunk of %s while it shrinks", (_, start) => {
    expect(tries(new CompressionProbe(start), 20, 60)).toHaveLength(20);
  });

  it("tries one chunk in eight of what does not shrink, and fewer the longer that is so", () => {
    expect(tries(new CompressionProbe(Buffer.from("weights")), 260, 100)).toEqual([0, 8, 24, 56, 120, 184, 248]);
  });

  it("learns from one file for the next of its kind, and not for another kind", () => {
    const histories = new CompressionHistories();
    const tried = [".npy", ".npy", ".npy", ".csv", ".csv"].map((kind) => {
      const probe = new CompressionProbe(Buffer.from("text"), histories.of(kind));
      return tries(probe, 1, kind === ".csv" ? 40 : 100).length;
    });
    expect(tried).toEqual([1, 0, 0, 1, 1]);
  });

  it("tries every chunk again once one shrinks", () => {
    const probe = new CompressionProbe(Buffer.from("mixed"));
    expect(tries(probe, 9, 100)).toEqual([0, 8]);
    expect(tries(probe, 20, 50)).toEqual([15, 16, 17, 18, 19]);
  });
});
