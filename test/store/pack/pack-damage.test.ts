import { crc32 } from "node:zlib";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { type ChunkHash, loadChunkHash } from "../../../src/chunk/chunk-hash.ts";
import { type Codec, loadCodec } from "../../../src/chunk/codec.ts";
import { PackBuilder, packLimit } from "../../../src/store/pack/pack-builder.ts";
import { decodeEntry, readPack } from "../../../src/store/pack/pack-reader.ts";
import { PackTable } from "../../../src/store/pack/pack-table.ts";
import { damagedCopies, unlessDamaged } from "../../helper/damage.ts";
import { randomBytesOf } from "../../helper/random.ts";

let hash: ChunkHash;
let codec: Codec;
beforeAll(async () => {
  hash = await loadChunkHash();
  codec = await loadCodec();
});

const chunks = [randomBytesOf(1, 300), Buffer.alloc(900, "abcdefg"), Buffer.from("x"), Buffer.alloc(400, "hij")];

function build() {
  const builder = new PackBuilder(new Uint8Array(10_000), hash);
  for (const plain of chunks) {
    const { codec: number, bytes } = codec.compress(plain);
    builder.add({ id: hash(plain), plainLength: plain.length, codec: number, stored: bytes });
  }
  return builder.finish();
}

/** Decodes every entry that can be; those that come out must be among `allowed`. */
function decodeAll(bytes: Buffer, table: PackTable): (string | undefined)[] {
  return Array.from({ length: table.count }, (_, i) => {
    const stored = bytes.subarray(table.offset(i), table.offset(i + 1));
    return unlessDamaged(() => Buffer.from(decodeEntry(stored, table, i, { hash, codec })).toString("hex"));
  });
}

/** Gives the end of a damaged pack a right checksum, if it still has a table; returns the id that it would have. */
function makeConsistent(pack: Buffer): string {
  const count = pack.length < 32 ? 0 : pack.readUInt32LE(pack.length - 32);
  const start = pack.length - 32 - 40 * count;
  if (start < 0) return "0".repeat(64);
  const rows = pack.subarray(start, pack.length - 32);
  pack.writeUInt32LE(crc32(rows), pack.length - 28);
  return hash(Buffer.concat([rows, pack.subarray(pack.length - 24, pack.length - 8)])).toString("hex");
}

describe("a damaged pack", () => {
  it("yields the right bytes of an entry or none", () => {
    const { id, bytes } = build();
    const right = chunks.map((plain) => plain.toString("hex"));
    let read = 0;
    for (const bad of damagedCopies(bytes, 3000, 1)) {
      const table = unlessDamaged(() => readPack(bad, id, hash));
      if (!table) continue;
      decodeAll(bad, table).forEach((plain, i) => {
        if (plain !== undefined) expect(plain).toBe(right[i]);
      });
      read++;
    }
    expect(read).toBeGreaterThan(50);
  });

  it("whose checksums were made to fit still has no entry outside it, and none with other bytes than its id's", () => {
    const { bytes } = build();
    let read = 0;
    for (const bad of damagedCopies(bytes, 3000, 2)) {
      const id = makeConsistent(bad);
      const table = unlessDamaged(() => readPack(bad, id, hash));
      if (!table) continue;
      expect(table.offset(0)).toBe(8);
      expect(table.offset(table.count)).toBe(bad.length - PackTable.tailLength(table.count));
      decodeAll(bad, table).forEach((plain, i) => {
        if (plain !== undefined) expect(hash(Buffer.from(plain, "hex")).equals(table.id(i))).toBe(true);
      });
      read++;
    }
    expect(read).toBeGreaterThan(50);
  });

  it("is named in the error by its key in the store", () => {
    const { id, bytes, table } = build();
    const where = `packs/${id.slice(0, 2)}/${id}`;
    const bad = Buffer.from(bytes);
    bad[bad.length - 40]! ^= 1;
    expect(() => readPack(bad, id, hash)).toThrow(where);
    expect(() =>
      readPack(
        bytes,
        id.replace(/^./, (c) => (c === "0" ? "1" : "0")),
        hash,
      ),
    ).toThrow("of that name");
    const stored = Buffer.from(bytes.subarray(table.offset(1), table.offset(2)));
    stored[5]! ^= 1;
    expect(() => decodeEntry(stored, table, 1, { hash, codec })).toThrow(`${where} has damaged bytes in entry 1`);
    expect(() => decodeEntry(stored.subarray(1), table, 1, { hash, codec })).toThrow(where);
  });

  it("cannot be larger than a pack is", () => {
    const { bytes, id } = build();
    const tail = bytes.subarray(bytes.length - PackTable.tailLength(chunks.length));
    for (const size of [bytes.length - 1, bytes.length + 1, packLimit.bytes + 1]) {
      expect(() => PackTable.parseTail(tail, { id, size }, hash)).toThrow(/bytes/);
    }
  });
});
