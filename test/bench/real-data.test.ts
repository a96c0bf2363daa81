import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { afterAll, describe, expect, it } from "@jest/globals";
import { parquetMetadata } from "hyparquet";

interface Shape {
  readonly name: string;
  make(what: { readonly folder: string; readonly version: number; readonly bytes: number }): void;
}

const { shapes } = (await import("../../bench/real-data/shapes.mjs" as string)) as { shapes: readonly Shape[] };

const root = mkdtempSync(join(tmpdir(), "mlgit-shapes-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The files of two versions of a shape, by name. */
function twoVersions(name: string, bytes = 900_000): [Map<string, Buffer>, Map<string, Buffer>] {
  const folder = mkdtempSync(join(root, `${name}-`));
  const { make } = shapes.find((one) => one.name === name)!;
  const version = (number: number) => {
    make({ folder, version: number, bytes });
    return new Map(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file))]));
  };
  return [version(0), version(1)];
}

const only = (files: Map<string, Buffer>) => [...files.values()][0]!;

describe("the data that the bench measures deduplication on", () => {
  it("is a CSV that grows at its end", () => {
    const [before, after] = twoVersions("csv").map(only) as [Buffer, Buffer];
    expect(after.subarray(0, before.length).equals(before)).toBe(true);
    const columns = after
      .toString()
      .trim()
      .split("\n")
      .map((line) => line.split(",").length);
    expect(new Set(columns)).toEqual(new Set([7]));
  });

  it("is parquet of 12 columns, one of which changes", () => {
    const [before, after] = twoVersions("parquet", 90_000).map(only) as [Buffer, Buffer];
    for (const file of [before, after]) {
      const bytes = new Uint8Array(file).buffer;
      expect(parquetMetadata(bytes).row_groups[0]?.columns).toHaveLength(12);
    }
    expect(before.equals(after)).toBe(false);
  });

  it("is a safetensors file more at each step, most of whose tensors are the same", () => {
    const [, after] = twoVersions("safetensors");
    const steps = [...after.values()].map((file) => {
      const length = Number(file.readBigUInt64LE());
      const header = JSON.parse(file.toString("utf8", 8, 8 + length)) as Record<string, { data_offsets?: number[] }>;
      const tensors = Object.values(header).flatMap((one) => (one.data_offsets ? [one.data_offsets] : []));
      expect(8 + length + tensors.at(-1)![1]!).toBe(file.length);
      return tensors.map(([from, to]) => file.toString("latin1", 8 + length + from!, 8 + length + to!));
    });
    expect(steps).toHaveLength(2);
    expect(steps[0]!.filter((tensor, i) => tensor === steps[1]![i])).toHaveLength(12);
  });

  it("is tar shards, two of which get a member more", () => {
    const folder = mkdtempSync(join(root, "tar-"));
    const { make } = shapes.find((one) => one.name === "tar")!;
    const members = (shard: string) =>
      execFileSync("tar", ["-tf", join(folder, shard)], { encoding: "utf8" })
        .trim()
        .split("\n").length;
    make({ folder, version: 0, bytes: 3_200_000 });
    const before = readdirSync(folder).map((name) => ({ name, count: members(name) }));
    make({ folder, version: 1, bytes: 3_200_000 });
    expect(before.map(({ name, count }) => members(name) - count)).toEqual([1, 1, 0, 0, 0, 0, 0, 0]);
  });

  it("is PNG images, of which some come and some change", () => {
    const [before, after] = twoVersions("images");
    expect(after.size).toBeGreaterThan(before.size);
    expect([...before].filter(([name, file]) => !after.get(name)!.equals(file))).toHaveLength(1);
    const file = only(after);
    const data = file.indexOf("IDAT");
    const length = file.readUInt32BE(data - 4);
    expect(inflateSync(file.subarray(data + 4, data + 4 + length))).toHaveLength(256 * (1 + 3 * 256));
  });
});
