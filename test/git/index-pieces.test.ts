import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, lstatSync, mkdtempSync, openSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { scanIndex } from "../../src/git/index-file.ts";
import { scanPieces } from "../../src/git/index-pieces.ts";
import { StampRows, stampIndex } from "../../src/git/index-stamp.ts";
import { findRepository } from "../../src/git/repository.ts";
import { PointerRepository } from "../helper/pointer-repository.ts";

const short = ["a-b", "a.b", "a/b", "a/c/d", "a/c/e", "z/é", `z/${"long/".repeat(20)}y`, "z/z"];
const long = [...short, "x".repeat(4094), "x".repeat(4095)];
let top: string;

beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), "mlgit-pieces-"));
});

afterAll(() => rmSync(top, { recursive: true, force: true }));

/** An index made by git with these names in it. */
function makeIndex(names: readonly string[], version: number, format: "sha1" | "sha256" = "sha1"): Buffer {
  const folder = mkdtempSync(join(top, "repository-"));
  const git = (args: string[], input = "") => execFileSync("git", args, { cwd: folder, input });
  git(["init", "-q", `--object-format=${format}`]);
  const blob = git(["hash-object", "-w", "--stdin"]).toString().trim();
  git(["update-index", "-z", "--index-info"], names.map((name) => `100644 ${blob}\t${name}\0`).join(""));
  git(["update-index", "--index-version", String(version === 3 ? 2 : version)]);
  if (version === 3) git(["update-index", "--skip-worktree", "a/b"]);
  git(["write-tree"]);
  return readFileSync(join(folder, ".git/index"));
}

interface Found {
  readonly offset: number;
  readonly name: string;
}

function whole(bytes: Buffer, format: "sha1" | "sha256" = "sha1") {
  const found: Found[] = [];
  const scan = scanIndex(bytes, format, (offset, name) => found.push({ offset, name }));
  return { ...scan, found };
}

function inPieces(bytes: Buffer, pieceBytes: number, format: "sha1" | "sha256" = "sha1") {
  const path = join(top, "index");
  writeFileSync(path, bytes);
  const fd = openSync(path, "r");
  const found: Found[] = [];
  const seen: Buffer[] = [];
  try {
    const scan = scanPieces({ fd, size: bytes.length, format }, pieceBytes, {
      entry: (offset, { all, start, end }, { base }) =>
        found.push({ offset: base + offset, name: all.toString("latin1", start, end) }),
      piece: ({ bytes: piece, base }) => {
        expect(base).toBe(Buffer.concat(seen).length);
        expect(piece.length).toBeLessThanOrEqual(pieceBytes);
        seen.push(Buffer.from(piece));
      },
    });
    return { ...scan, found, seen: Buffer.concat(seen) };
  } finally {
    closeSync(fd);
  }
}

function sealed(bytes: Buffer): Buffer {
  const body = bytes.subarray(0, bytes.length - 20);
  return Buffer.concat([body, createHash("sha1").update(body).digest()]);
}

function withExtension(bytes: Buffer, signature: string, length: number): Buffer {
  const head = Buffer.alloc(8);
  head.write(signature, "latin1");
  head.writeUInt32BE(length, 4);
  return sealed(Buffer.concat([bytes.subarray(0, bytes.length - 20), head, Buffer.alloc(length, 1), Buffer.alloc(20)]));
}

describe("an index that is read in pieces", () => {
  it.each([
    ["sha1", 2],
    ["sha1", 3],
    ["sha1", 4],
    ["sha256", 2],
    ["sha256", 4],
  ] as const)("has the same entries, wherever the pieces end (%s, version %d)", (format, version) => {
    for (const [names, least] of [
      [short, 200],
      [long, 4200],
    ] as const) {
      const bytes = makeIndex(names, version, format);
      const expected = whole(bytes, format);
      expect(expected.found).toHaveLength(names.length);
      for (const pieceBytes of [least, least + 1, least + 3, least + 20, 2 * least, 1 << 20]) {
        const { seen, ...scan } = inPieces(bytes, pieceBytes, format);
        expect(scan).toEqual(expected);
        expect(seen.equals(bytes.subarray(0, seen.length))).toBe(true);
        expect(seen.length).toBe(bytes.length - (format === "sha1" ? 20 : 32));
      }
    }
  });

  it("may have extensions that are longer than a piece", () => {
    const bytes = makeIndex(short, 2);
    for (const length of [0, 1, 199, 200, 5000]) {
      expect(inPieces(withExtension(bytes, "XYZW", length), 200).problem).toBeUndefined();
      expect(inPieces(withExtension(bytes, "link", length), 200).problem).toBe("unsupported");
    }
  });

  it("is damaged when any one byte is wrong, or it is cut off", () => {
    const bytes = makeIndex(short, 4);
    for (let at = 0; at < bytes.length; at++) {
      const wrong = Buffer.from(bytes);
      wrong[at] = (wrong[at] ?? 0) ^ 0x20;
      if (inPieces(wrong, 200).problem === undefined) throw new Error(`byte ${at} was not noticed`);
      const { problem, found } = inPieces(sealed(Buffer.concat([bytes.subarray(0, at), Buffer.alloc(20)])), 200);
      if (problem === undefined && found.length < short.length) throw new Error(`cut at ${at} was not noticed`);
    }
  });

  it("is damaged where an entry is longer than a piece", () => {
    expect(inPieces(makeIndex(long, 2), 1000).problem).toBe("damaged");
  });
});

describe("an index that is stamped in pieces", () => {
  const files = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`data/${i % 7}/${i}.bin`, `content ${i}`]));

  it.each(["2", "4"])("is the one that comes of stamping it whole (version %s)", async (version) => {
    const repository = PointerRepository.create({ config: { "index.version": version } });
    try {
      repository.write("plain.txt", "not tracked by us");
      repository.withPointers(files);
      const placed = repository.place();
      const old = readFileSync(repository.indexFile);
      const { mtime } = lstatSync(repository.indexFile);
      const stamp = async (pieceBytes: number) => {
        writeFileSync(repository.indexFile, old);
        utimesSync(repository.indexFile, mtime, mtime);
        expect(await stampIndex(await findRepository(repository.top), placed, { pieceBytes })).toMatchObject({
          stamped: 60,
          fellBack: false,
        });
        return readFileSync(repository.indexFile);
      };
      const expected = await stamp(1 << 20);
      expect(expected.equals(old)).toBe(false);
      expect((await stamp(500)).equals(expected)).toBe(true);
      expect(repository.status()).toEqual({ text: "", cleaned: [] });
    } finally {
      repository.remove();
    }
  });

  it("goes on to distrust what git distrusts, where it becomes younger", async () => {
    const repository = PointerRepository.create({
      config: { "core.trustctime": "false", "core.checkStat": "minimal" },
    });
    try {
      repository.withPointers({ ...files, "plain.txt": "before" });
      const placed = repository.place();
      const then = Math.floor(Date.now() / 1000) - 100;
      utimesSync(join(repository.top, "plain.txt"), then, then);
      repository.git("add", "plain.txt");
      writeFileSync(join(repository.top, "plain.txt"), "edited");
      utimesSync(join(repository.top, "plain.txt"), then, then);
      utimesSync(repository.indexFile, then, then + 0.5);
      expect(await stampIndex(await findRepository(repository.top), placed, { pieceBytes: 500 })).toMatchObject({
        stamped: 60,
      });
      expect(repository.status()).toEqual({ text: " M plain.txt\n", cleaned: [] });
    } finally {
      repository.remove();
    }
  });

  it("is left as it is where it reads otherwise the second time", async () => {
    const repository = PointerRepository.create();
    try {
      repository.withPointers(files);
      const placed = repository.place();
      const entries = repository.git("ls-files").trim().split("\n").length;
      const damaged = readFileSync(repository.indexFile);
      damaged.writeUInt8(damaged.readUInt8(damaged.length - 100) ^ 1, damaged.length - 100);
      let asked = 0;
      class Meddling extends StampRows {
        override find(...path: Parameters<StampRows["find"]>): number {
          if (++asked === entries + 1) writeFileSync(repository.indexFile, damaged, { flag: "r+" });
          return super.find(...path);
        }
      }
      const wanted = new Meddling("sha1");
      for (const one of placed) wanted.add(one);
      expect(await stampIndex(await findRepository(repository.top), wanted, { pieceBytes: 500 })).toMatchObject({
        stamped: 0,
        blocked: "unwritable",
      });
      expect(readFileSync(repository.indexFile).equals(damaged)).toBe(true);
    } finally {
      repository.remove();
    }
  });
});
