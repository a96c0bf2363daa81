import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { type Codec, codec as codecs } from "../../chunk/codec.ts";
import { CompressionProbe } from "../../chunk/compression-probe.ts";
import { SegmentBuilder } from "../index/segment-builder.ts";
import { encodeManifest, piecesOf, type Term, TermList } from "../manifest.ts";
import { PackBuilder, packLimit } from "../pack/pack-builder.ts";
import type { PackInfo } from "./index-copy.ts";

export interface FinishedPack {
  readonly id: string;
  /** A view on the buffer; after `upload` resolved it is used again. */
  readonly bytes: Uint8Array;
}

export interface PackerTools {
  readonly hash: ChunkHash;
  readonly codec: Codec;
  /** Where the store has a chunk already. */
  find(id: Uint8Array): { readonly pack: PackInfo; readonly entry: number } | undefined;
  /** Stores a finished pack. Called without waiting for the one before; failing fails the push. */
  upload(pack: FinishedPack): Promise<void>;
}

interface FilePlace {
  readonly file: PackedFile;
  /** The pack's id, or `#<number>`. */
  readonly pack: string;
  readonly first: number;
  readonly count: number;
  readonly manifest: boolean;
}

/** Packs that are uploaded while the next one fills: with the one in hand, the memory of a push is three packs. */
const uploadsInFlight = 2;
const sameManifestPack = "0".repeat(64);

interface PackedFile {
  readonly oid: string;
  readonly size: number;
  readonly terms: TermList;
  /** Plain bytes of each chunk. */
  readonly lengths: number[];
}

/**
 * Turns files into packs and one index segment: every chunk that neither the store nor this push has goes into a pack, in the order
 * the files come. Until a pack has its name, terms call it `#<number>`.
 */
export class UploadPacker {
  readonly #tools: PackerTools;
  readonly #segment = new SegmentBuilder();
  /** Chunks of this push by their first 16 bytes: where they are. */
  readonly #placed = new Map<string, { readonly pack: string; readonly entry: number }>();
  readonly #names: string[] = [];
  readonly #files: PackedFile[] = [];
  readonly #uploads = new Set<Promise<void>>();
  readonly #free: Uint8Array[] = [];
  readonly #known = new Map<string, PackInfo>();
  #failure: { error: unknown } | undefined;
  #current: { builder: PackBuilder; buffer: Uint8Array } | undefined;
  #newChunks = 0;

  constructor(tools: PackerTools) {
    this.#tools = tools;
  }

  /** Chunks that had to be stored so far. */
  get newChunks(): number {
    return this.#newChunks;
  }

  get packs(): number {
    return this.#names.length;
  }

  /** Begins a file; then `chunk` for each of its chunks, in order. */
  begin(oid: string, size: number, head: Uint8Array): FilePacker {
    const file = { oid, size, terms: new TermList(), lengths: [] as number[] };
    const probe = new CompressionProbe(head);
    return {
      chunk: (plain) => {
        file.lengths.push(plain.length);
        return this.#place(plain, file.terms, probe);
      },
      done: () => {
        this.#files.push(file);
      },
    };
  }

  /** Uploads what is left, manifests included, and returns the segment: to be stored now that every pack is. */
  async finish(): Promise<{ id: string; bytes: Uint8Array } | undefined> {
    const places: FilePlace[] = [];
    for (const file of this.#files) places.push(await this.#placeFile(file));
    await this.#seal();
    await Promise.all(this.#uploads);
    this.#check();
    if (places.length === 0) return undefined;
    for (const place of places) this.#segment.file(this.#row(place));
    return this.#segment.finish(this.#tools.hash);
  }

  /** Where each chunk of a packed file lies now, in file order. Only after finish. */
  *packed(): Generator<{ oid: string; size: number; chunks: { pack: string; entry: number; length: number }[] }> {
    for (const { oid, size, terms, lengths } of this.#files) {
      let next = 0;
      const chunks = terms.terms.flatMap((term) =>
        Array.from({ length: term.count }, (_, i) => ({
          pack: this.#nameOf(term.pack) ?? "",
          entry: term.first + i,
          length: lengths[next++] ?? 0,
        })),
      );
      yield { oid, size, chunks };
    }
  }

  async #place(plain: Uint8Array, terms: TermList, probe: CompressionProbe): Promise<void> {
    const id = this.#tools.hash(plain);
    const key = id.toString("latin1", 0, 16);
    const here = this.#placed.get(key);
    if (here) return terms.append(here.pack, here.entry, plain.length);
    const there = this.#tools.find(id);
    if (there) {
      this.#known.set(there.pack.id, there.pack);
      return terms.append(there.pack.id, there.entry, plain.length);
    }
    const tried = probe.wants();
    const frame = tried ? this.#tools.codec.compress(plain) : { codec: codecs.raw, bytes: plain };
    if (tried) probe.note(plain.length, frame.bytes.length);
    const entry = await this.#add({ id, plainLength: plain.length, codec: frame.codec, stored: frame.bytes });
    this.#newChunks++;
    this.#placed.set(key, { pack: `#${this.#names.length}`, entry });
    terms.append(`#${this.#names.length}`, entry, plain.length);
  }

  async #add(entry: Parameters<PackBuilder["add"]>[0]): Promise<number> {
    this.#check();
    if (this.#current && !this.#current.builder.fits(entry.stored.length)) await this.#seal();
    this.#current ??= await this.#nextBuilder();
    return this.#current.builder.add(entry);
  }

  /** Names the pack in hand and starts its upload. */
  async #seal(): Promise<void> {
    const current = this.#current;
    if (!current || current.builder.count === 0) return;
    this.#current = undefined;
    const { id, bytes, table } = current.builder.finish();
    this.#names.push(id);
    const ordinal = this.#segment.pack(id, bytes.length, table.count);
    this.#known.set(id, { id, size: bytes.length, count: table.count });
    for (let i = 0; i < table.count; i++) if (!table.isManifest(i)) this.#segment.chunk(table.id(i), ordinal, i);
    const upload = this.#tools.upload({ id, bytes }).then(
      () => {
        this.#free.push(current.buffer);
      },
      (error) => {
        this.#failure ??= { error };
      },
    );
    this.#uploads.add(upload);
    upload.finally(() => this.#uploads.delete(upload));
  }

  async #nextBuilder(): Promise<{ builder: PackBuilder; buffer: Uint8Array }> {
    while (this.#uploads.size > uploadsInFlight - 1 && this.#free.length === 0) await Promise.race(this.#uploads);
    this.#check();
    const buffer = this.#free.pop() ?? new Uint8Array(packLimit.bytes);
    return { builder: new PackBuilder(buffer, this.#tools.hash), buffer };
  }

  /** A file of one term needs no more than its row; any other gets a manifest. */
  async #placeFile(file: PackedFile): Promise<FilePlace> {
    const only = file.terms.terms[0];
    if (only && file.terms.terms.length === 1)
      return { file, pack: only.pack, first: only.first, count: only.count, manifest: false };
    // All pieces lie in one pack: begin another one when this one cannot take them.
    if (this.#current && !this.#hasRoom(this.#current.builder, this.#encode(file).length)) await this.#seal();
    const pieces = piecesOf(this.#encode(file));
    const entries: number[] = [];
    for (const piece of pieces)
      entries.push(
        await this.#add({
          id: this.#tools.hash(piece),
          plainLength: piece.length,
          codec: codecs.raw,
          stored: piece,
          manifest: true,
        }),
      );
    return { file, pack: `#${this.#names.length}`, first: entries[0] ?? 0, count: pieces.length, manifest: true };
  }

  #hasRoom(builder: PackBuilder, bytes: number): boolean {
    const rows = 1024;
    return builder.fits(bytes + rows) && builder.count + 16 <= packLimit.entries;
  }

  /** Terms in packs that have a name by now, and in the pack in hand, which the manifest will lie in. */
  #encode(file: PackedFile): Buffer {
    const terms = file.terms.terms.map(
      (term): Term => ({ ...term, pack: this.#nameOf(term.pack) ?? sameManifestPack }),
    );
    for (const term of terms) {
      const info = this.#known.get(term.pack);
      if (info) this.#segment.pack(info.id, info.size, info.count);
    }
    return encodeManifest(file.size, terms);
  }

  #nameOf(pack: string): string | undefined {
    return pack.startsWith("#") ? this.#names[Number(pack.slice(1))] : pack;
  }

  #row({ file, pack, first, count, manifest }: FilePlace) {
    const name = this.#nameOf(pack) ?? "";
    const info = this.#known.get(name);
    return {
      oid: file.oid,
      size: file.size,
      pack: this.#segment.pack(name, info?.size ?? 0, info?.count ?? 0),
      first,
      count,
      manifest,
    };
  }

  #check(): void {
    if (this.#failure) throw this.#failure.error;
  }
}

export interface FilePacker {
  /** Takes the next chunk of the file; its bytes may be overwritten when this resolves. */
  chunk(plain: Uint8Array): Promise<void>;
  /** The whole file came and was right. Without this call it is not in the index. */
  done(): void;
}
