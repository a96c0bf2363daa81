import { codec as codecs } from "../../chunk/codec.ts";
import { CompressionHistories, CompressionProbe } from "../../chunk/compression-probe.ts";
import { SegmentBuilder, segmentLimit } from "../index/segment-builder.ts";
import { encodeManifest, piecesOf, type Term } from "../manifest.ts";
import { PackBuilder, type PackEntry } from "../pack/pack-builder.ts";
import type { PackTable } from "../pack/pack-table.ts";
import { FilePacking, type PackingHost } from "./file-packing.ts";
import type { PackInfo } from "./index-copy.ts";
import { addTo, chunksOf, type FileChunks, hasRoomFor, type OpenUpload } from "./open-upload.ts";
import { PackNames } from "./pack-names.ts";
import type { EntryOrigin, PackRecipe } from "./pack-recipe.ts";
import type { FileHead, FilePacker, FilePlace, PackedFile, PackerTools, Placed, Sourced } from "./packer-types.ts";
import { PlacedChunks } from "./placed-chunks.ts";
import { type PlainRow, PlainRows, plainRow } from "./plain-rows.ts";

/** Some 8 GB of new data, and 30 MB of memory. */
const mostChunks = 125_000;
/** Room that one more file's row and the packs it leads to may take. */
const margin = 1 << 20;
const sameManifestPack = "0".repeat(64);

/**
 * Turns files into packs and one index segment: every chunk that neither the store nor this push has goes into a pack, in the order
 * the files come. Until a pack has its name, terms call it `#<number>`.
 */
export class UploadPacker {
  readonly #tools: PackerTools;
  /** The packs that what was placed so far leads to, by id. */
  readonly known = new Map<string, PackInfo>();
  #segment = new SegmentBuilder();
  /** Chunks of this push. */
  readonly #placed = new PlacedChunks();
  readonly #names = new PackNames();
  /** Files that get a manifest, or that `packed` is to tell of. */
  readonly #files: PackedFile[] = [];
  /** Files that need no more than a row, until their pack has its name: of these nothing is kept for long, since there may be very many. */
  readonly #plain = new PlainRows();
  readonly #histories = new CompressionHistories();
  #current: OpenUpload | undefined;
  #newChunks = 0;
  readonly #host: PackingHost = {
    look: (plain, known) => {
      const id = known ?? this.#tools.hash(plain);
      return { id, isNew: !this.#placed.get(id) && !this.#tools.find(id) };
    },
    place: (chunk, probe) => this.#place(chunk, probe),
    packed: (file) => this.#packed(file),
  };

  constructor(tools: PackerTools) {
    this.#tools = tools;
  }

  /** Chunks that had to be stored so far. */
  get newChunks(): number {
    return this.#newChunks;
  }

  get packs(): number {
    return this.#names.count;
  }

  /** Takes in a pack of an earlier push that the store has already and no index names. */
  adopt({ id, size }: PackRecipe, table: PackTable): void {
    const number = this.#name(id, size, table);
    for (let entry = 0; entry < table.count; entry++)
      if (!table.isManifest(entry)) this.#placed.set(table.id(entry), number, entry);
  }

  /**
   * Sends a pack of an earlier push again, or what is left of it: `make` writes the same bytes as then, or false where they cannot be made any more.
   */
  async resend(recipe: PackRecipe, table: PackTable, make: (buffer: Uint8Array) => boolean): Promise<boolean> {
    const buffer = await this.#tools.slots.take();
    if (recipe.size > buffer.length || !make(buffer)) {
      this.#tools.slots.release(buffer);
      return false;
    }
    this.adopt(recipe, table);
    this.#tools.slots.start(buffer, () => this.#tools.upload({ recipe, bytes: buffer.subarray(0, recipe.size) }));
    return true;
  }

  /** Begins a file; then `chunk` for each of its chunks, in order. `head`: its first bytes. */
  begin(file: FileHead, head: Uint8Array): FilePacker {
    return new FilePacking(this.#host, file, this.#probe(file, head));
  }

  /** A whole file of one chunk, of less than `remember` bytes: of those there may be very many, and `begin` makes several objects for each. */
  single(file: FileHead, plain: Uint8Array, id: Uint8Array | undefined): Promise<void> | undefined {
    const { oid, size } = file;
    const placed = this.#place({ plain, id, frame: undefined, origin: { oid, offset: 0 } }, this.#probe(file, plain));
    if (placed instanceof Promise)
      return placed.then(({ pack, entry }) => this.#plain.add({ oid, size, pack, first: entry, count: 1 }));
    this.#plain.add({ oid, size, pack: placed.pack, first: placed.entry, count: 1 });
    return undefined;
  }

  #probe({ kind }: FileHead, head: Uint8Array): CompressionProbe {
    return new CompressionProbe(head, kind === undefined ? undefined : this.#histories.of(kind));
  }

  #packed(file: PackedFile): void {
    const row = plainRow(file);
    if (row && file.size < this.#tools.remember) this.#plain.add(row);
    else this.#files.push(file);
  }

  /** Uploads what is left, manifests included, then the index. */
  async finish(): Promise<void> {
    const places: FilePlace[] = [];
    for (const file of this.#files) places.push(await this.#placeFile(file));
    await this.#seal();
    await this.#tools.slots.finish();
    this.#tools.slots.clear();
    await this.#addRows(this.#plain.take());
    await this.#addRows(places);
    if (this.#segment.files > 0) await this.#saveSegment();
  }

  /** Where each chunk of a file lies now, in file order; at least of those that `remember` asks for. Only after finish. */
  *packed(): Generator<FileChunks> {
    yield* chunksOf(this.#files, (pack) => this.#names.idOf(pack) ?? "");
  }

  /** Most chunks of small files wait for nothing. */
  #place({ plain, id: proven, frame: made, origin }: Sourced, probe: CompressionProbe): Placed | Promise<Placed> {
    const id = proven ?? this.#tools.hash(plain);
    const known = this.#findPlaced(id);
    if (known) return known;
    const tried = probe.wants();
    const frame = tried ? (made ?? this.#tools.codec.compress(plain)) : { codec: codecs.raw, bytes: plain };
    if (tried) probe.note(plain.length, frame.bytes.length);
    const entry = { id, plainLength: plain.length, codec: frame.codec, stored: frame.bytes };
    const pack = this.#packFor(entry.stored.length);
    if (pack instanceof Promise) return pack.then((next) => this.#append(next, entry, origin));
    return this.#append(pack, entry, origin);
  }

  #append(pack: OpenUpload, packed: PackEntry, origin: EntryOrigin): Placed {
    const entry = addTo(pack, packed, origin);
    this.#newChunks++;
    this.#placed.set(packed.id, this.#names.count, entry);
    return { pack: this.#names.label(this.#names.count), entry };
  }

  /** Where a chunk lies: in a pack of this push, or in one of the store's. */
  #findPlaced(id: Uint8Array): Placed | undefined {
    const here = this.#placed.get(id);
    if (here) return { pack: this.#names.label(here.pack), entry: here.entry };
    const there = this.#tools.find(id);
    if (!there) return undefined;
    this.known.set(there.pack.id, there.pack);
    return { pack: there.pack.id, entry: there.entry };
  }

  /** The pack that takes so many bytes more; a promise where the one in hand does not. */
  #packFor(length: number): OpenUpload | Promise<OpenUpload> {
    this.#tools.slots.check();
    return this.#current?.builder.fits(length) ? this.#current : this.#nextPack();
  }

  async #nextPack(): Promise<OpenUpload> {
    await this.#seal();
    const buffer = await this.#tools.slots.take();
    this.#current = { builder: new PackBuilder(buffer, this.#tools.hash), buffer, origins: [] };
    return this.#current;
  }

  /** Names the pack in hand and starts its upload. */
  async #seal(): Promise<void> {
    const current = this.#current;
    if (!current || current.builder.count === 0) return;
    this.#current = undefined;
    const { id, bytes, table, tail } = current.builder.finish();
    this.#name(id, bytes.length, table);
    const recipe = { id, size: bytes.length, tail, origins: current.origins };
    this.#tools.slots.start(current.buffer, () => this.#tools.upload({ recipe, bytes }));
    await this.#addRows(this.#plain.take());
    if (this.#segment.chunks > (this.#tools.mostChunks ?? mostChunks)) await this.#saveSegment();
  }

  /** Of files whose packs all have names. */
  async #addRows(places: Iterable<PlainRow | FilePlace>): Promise<void> {
    for (const place of places) {
      if (this.#segment.length > segmentLimit - margin) await this.#saveSegment();
      this.#segment.file(this.#row(place));
    }
  }

  /** What a push has sent so far becomes part of the index: it need not be remembered here any more. */
  async #saveSegment(): Promise<void> {
    await this.#tools.slots.finish();
    const { id, bytes } = this.#segment.finish(this.#tools.hash);
    await this.#tools.saveSegment(id, bytes);
    this.#segment = new SegmentBuilder();
    this.#placed.clear();
  }

  /** Notes a finished pack for the index; returns the number that terms call it by. */
  #name(id: string, size: number, table: PackTable): number {
    const number = this.#names.add(id);
    const ordinal = this.#segment.pack(id, size, table.count);
    this.known.set(id, { id, size, count: table.count });
    for (let i = 0; i < table.count; i++) if (!table.isManifest(i)) this.#segment.chunk(table.id(i), ordinal, i);
    return number;
  }

  /** A file of one term needs no more than its row; any other gets a manifest. */
  async #placeFile(file: PackedFile): Promise<FilePlace> {
    const plain = plainRow(file);
    if (plain) return { ...plain, terms: [], manifest: false };
    // All pieces lie in one pack: begin another one when this one cannot take them.
    if (this.#current && !hasRoomFor(this.#current.builder, this.#encode(file).length)) await this.#seal();
    const pieces = piecesOf(this.#encode(file));
    const entries: number[] = [];
    for (const piece of pieces) {
      const stored = { plainLength: piece.length, codec: codecs.raw, stored: piece, manifest: true };
      const pack = await this.#packFor(piece.length);
      entries.push(addTo(pack, { id: this.#tools.hash(piece), ...stored }, { bytes: piece }));
    }
    const { oid, size, terms } = file;
    const place = { pack: this.#names.label(this.#names.count), first: entries[0] ?? 0, count: pieces.length };
    return { oid, size, terms: terms.terms, ...place, manifest: true };
  }

  /** Terms in packs that have a name by now, and in the pack in hand, which the manifest will lie in. */
  #encode(file: PackedFile): Buffer {
    const terms = file.terms.terms.map(
      (term): Term => ({ ...term, pack: this.#names.idOf(term.pack) ?? sameManifestPack }),
    );
    return encodeManifest(file.size, terms);
  }

  #row(place: PlainRow | FilePlace) {
    const { oid, size, first, count } = place;
    const manifest = "manifest" in place && place.manifest;
    // A segment lists every pack that a manifest in it leads to.
    if (manifest) for (const term of place.terms) this.#list(term.pack);
    return { oid, size, pack: this.#list(place.pack), first, count, manifest };
  }

  /** The number of a pack in the segment in hand. */
  #list(pack: string): number {
    const name = this.#names.idOf(pack) ?? "";
    const info = this.known.get(name);
    return this.#segment.pack(name, info?.size ?? 0, info?.count ?? 0);
  }
}
