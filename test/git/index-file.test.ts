import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { scanIndex } from "../../src/git/index-file.ts";

let top: string;
const short = ["a-b", "a.b", "a/b", "a/c/d", "a/c/e", "z/é", "z/ends in \xff"];
const names = [...short, `${"long/".repeat(900)}z`, "x".repeat(4094), "x".repeat(4095)];

beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), "mlgit-index-"));
});

afterAll(() => rmSync(top, { recursive: true, force: true }));

/** An index made by git with `names` in it. */
function makeIndex(format: "sha1" | "sha256", version: number, config: string[] = []): Buffer {
  return makeIndexOf(names, { format, version, config });
}

function makeIndexOf(
  names: readonly string[],
  { format = "sha1", version, config = [] }: { format?: "sha1" | "sha256"; version: number; config?: string[] },
): Buffer {
  const folder = mkdtempSync(join(top, "repository-"));
  execFileSync("git", ["init", "-q", `--object-format=${format}`, folder]);
  const git = (args: string[], input = "") => execFileSync("git", [...config, ...args], { cwd: folder, input });
  const blob = git(["hash-object", "-w", "--stdin"]).toString().trim();
  const lines = names.map((name) =>
    Buffer.concat([Buffer.from(`100644 ${blob}\t`), Buffer.from(name, "latin1"), Buffer.from("\0")]),
  );
  execFileSync("git", [...config, "update-index", "-z", "--index-info"], { cwd: folder, input: Buffer.concat(lines) });
  git(["update-index", "--index-version", String(version === 3 ? 2 : version)]);
  if (version === 3) git(["update-index", "--skip-worktree", "a/b"]);
  git(["write-tree"]);
  return readFileSync(join(folder, ".git/index"));
}

function scan(bytes: Buffer, format: "sha1" | "sha256" = "sha1") {
  const found: string[] = [];
  const { problem, hasNullChecksum } = scanIndex(bytes, format, (_offset, name) => found.push(name));
  return { problem, hasNullChecksum, found };
}

function sealed(bytes: Buffer): Buffer {
  const body = bytes.subarray(0, bytes.length - 20);
  return Buffer.concat([body, createHash("sha1").update(body).digest()]);
}

function withExtension(bytes: Buffer, signature: string): Buffer {
  const body = bytes.subarray(0, bytes.length - 20);
  return sealed(Buffer.concat([body, Buffer.from(signature), Buffer.from([0, 0, 0, 2, 1, 2]), Buffer.alloc(20)]));
}

const sorted = [...names].sort();
const threads = [
  "-c",
  "index.threads=3",
  "-c",
  "index.recordEndOfIndexEntries=true",
  "-c",
  "index.recordOffsetTable=true",
];

describe("scanIndex", () => {
  it.each([
    ["sha1", 2, []],
    ["sha1", 3, []],
    ["sha1", 4, []],
    ["sha1", 4, threads],
    ["sha256", 2, []],
    ["sha256", 3, threads],
    ["sha256", 4, []],
  ] as const)("finds every name that git wrote (%s, version %d, %p)", (format, version, config) => {
    const bytes = makeIndex(format, version, [...config]);
    expect(bytes.readUInt32BE(4)).toBe(version);
    expect(scan(bytes, format)).toEqual({ problem: undefined, hasNullChecksum: false, found: sorted });
  });

  it("accepts the zeros that index.skipHash leaves in place of the checksum", () => {
    const bytes = makeIndex("sha1", 2);
    bytes.fill(0, bytes.length - 20);
    expect(scan(bytes)).toMatchObject({ problem: undefined, hasNullChecksum: true });
  });

  it("ignores an unknown extension that may be ignored, and heeds one that may not", () => {
    const bytes = makeIndex("sha1", 2);
    expect(scan(withExtension(bytes, "XYZW")).problem).toBeUndefined();
    expect(scan(withExtension(bytes, "sdir")).problem).toBeUndefined();
    expect(scan(withExtension(bytes, "xyzw")).problem).toBe("unsupported");
    expect(scan(withExtension(bytes, "link")).problem).toBe("unsupported");
  });

  it("does not understand a version that is yet to come", () => {
    const bytes = makeIndex("sha1", 2);
    bytes.writeUInt32BE(5, 4);
    expect(scan(sealed(bytes)).problem).toBe("unsupported");
  });

  it("calls an index damaged when any one byte is wrong", () => {
    const bytes = makeIndexOf(short, { version: 4 });
    for (let at = 0; at < bytes.length; at++) {
      const wrong = Buffer.from(bytes);
      wrong[at] = (wrong[at] ?? 0) ^ 0x20;
      if (scan(wrong).problem === undefined) throw new Error(`byte ${at} was not noticed`);
    }
  });

  it.each([2, 3, 4])("stays within a truncated index of version %d, even if its checksum is right", (version) => {
    const bytes = makeIndexOf(short, { version });
    for (let length = 0; length < bytes.length - 20; length++) {
      const cut = sealed(Buffer.concat([bytes.subarray(0, length), Buffer.alloc(20)]));
      const { problem, found } = scan(cut);
      if (problem === undefined && found.length < short.length) throw new Error(`cut at ${length} was not noticed`);
    }
  });

  it.each([2, 3, 4])("stays within an index of version %d that lies about lengths anywhere", (version) => {
    const bytes = makeIndexOf(short, { version });
    for (let at = 4; at < bytes.length - 20; at++) {
      for (const value of [0, 0x7f, 0xff]) {
        const lie = Buffer.from(bytes);
        lie.fill(value, at, at + 2);
        scan(sealed(lie));
      }
    }
    expect(scan(bytes).problem).toBeUndefined();
  });
});
