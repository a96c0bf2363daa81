import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "../../util/crc32.ts";
import { makeShared, writeWhole } from "../../util/durable.ts";
import { readPlain } from "../plain-file.ts";

/** Where one chunk of a file lies in a store: a pack's id, the entry's number, and its plain bytes. Chunks are listed in file order. */
export interface MappedChunk {
  readonly pack: string;
  readonly entry: number;
  readonly length: number;
}

/** Bytes of a cached file that are a wanted entry. */
export interface LocalChunk {
  readonly oid: string;
  readonly offset: number;
  readonly length: number;
}

const magic = "MLGCMAP\x01";
const headSize = magic.length + 4;
const rowSize = 40;

/**
 * For large cached files, where stores have their chunks: `chunks/<store id>/<oid>`. With it a new version of a file takes the chunks it shares with an
 * older one from the cache and not over the network. Only a help: what is read by it is verified like anything that came over the network.
 */
export class ChunkMaps {
  readonly #folder: string;

  constructor(root: string, storeId: string) {
    this.#folder = join(root, "chunks", storeId);
  }

  /** Remembers a file. Failing to is harmless. */
  note(oid: string, chunks: readonly MappedChunk[]): void {
    const bytes = Buffer.alloc(headSize + rowSize * chunks.length);
    bytes.write(magic, "latin1");
    chunks.forEach(({ pack, entry, length }, i) => {
      const at = headSize + rowSize * i;
      bytes.write(pack, at, 32, "hex");
      bytes.writeUInt32LE(entry, at + 32);
      bytes.writeUInt32LE(length, at + 36);
    });
    bytes.writeUInt32LE(crc32(bytes.subarray(headSize)), magic.length);
    try {
      makeShared(this.#folder);
      writeWhole(join(this.#folder, oid), bytes);
    } catch {
      // A full disk is reported by whoever writes data.
    }
  }

  /**
   * Of the wanted entries, by pack, those that files of the cache hold. Maps of files that are not cached any more are dropped.
   */
  find(
    wanted: ReadonlyMap<string, ReadonlySet<number>>,
    isCached: (oid: string) => boolean,
  ): Map<string, Map<number, LocalChunk>> {
    const found = new Map<string, Map<number, LocalChunk>>();
    for (const oid of this.#oids()) {
      if (!isCached(oid)) rmSync(join(this.#folder, oid), { force: true });
      else this.#match(oid, wanted, found);
    }
    return found;
  }

  #match(
    oid: string,
    wanted: ReadonlyMap<string, ReadonlySet<number>>,
    found: Map<string, Map<number, LocalChunk>>,
  ): void {
    let offset = 0;
    for (const { pack, entry, length } of this.#read(oid)) {
      if (wanted.get(pack)?.has(entry)) {
        const entries = found.get(pack) ?? new Map<number, LocalChunk>();
        entries.set(entry, { oid, offset, length });
        found.set(pack, entries);
      }
      offset += length;
    }
  }

  *#read(oid: string): Generator<MappedChunk> {
    const bytes = readPlain(join(this.#folder, oid));
    const rows = bytes.subarray(headSize);
    if (bytes.length < headSize || rows.length % rowSize !== 0) return;
    if (bytes.toString("latin1", 0, magic.length) !== magic) return;
    if (crc32(rows) !== bytes.readUInt32LE(magic.length)) return;
    for (let at = 0; at < rows.length; at += rowSize)
      yield {
        pack: rows.toString("hex", at, at + 32),
        entry: rows.readUInt32LE(at + 32),
        length: rows.readUInt32LE(at + 36),
      };
  }

  #oids(): string[] {
    try {
      return readdirSync(this.#folder).filter((name) => /^[0-9a-f]{64}$/.test(name));
    } catch {
      return [];
    }
  }
}
