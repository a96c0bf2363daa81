import { type FileRow, readFileRow } from "./file-row.ts";
import * as format from "./segment-format.ts";
import {
  type Damaged,
  damagedSegment,
  parseFooter,
  readFan,
  readPacks,
  readSupersedes,
  type SegmentFooter,
} from "./segment-layout.ts";
import { findRows, type RowRange } from "./sorted-rows.ts";

/** Brings some bytes of a segment that lies elsewhere. */
export type LoadSpan = (offset: number, length: number) => Promise<Buffer>;

type Packs = readonly { readonly id: string; readonly size: number; readonly count: number }[];

/** An index segment that stays where it is: a few kilobytes of it say where a file lies. Nothing proves them but what they lead to. */
export class RemoteSegment {
  readonly #load: LoadSpan;
  readonly #footer: SegmentFooter;
  readonly #files: RowRange;
  readonly #damaged: Damaged;
  #packs: Promise<Packs> | undefined;

  private constructor(load: LoadSpan, parts: { footer: SegmentFooter; files: RowRange; damaged: Damaged }) {
    this.#load = load;
    this.#footer = parts.footer;
    this.#files = parts.files;
    this.#damaged = parts.damaged;
  }

  /** Reads the footer and the fan of the files. @throws MlgitError corrupt */
  static async open(
    load: LoadSpan,
    { id, size }: { readonly id: string; readonly size: number },
  ): Promise<RemoteSegment> {
    const damaged = damagedSegment(id);
    if (size > format.segmentLimit || size < format.magic.length + format.footerLength)
      throw damaged(`cannot have ${size} bytes`);
    const footer = parseFooter(await load(size - format.footerLength, format.footerLength), damaged);
    const length = 4 * 2 ** footer.fileBits;
    const at = size - format.footerLength - 4 * 2 ** footer.chunkBits - length;
    if (at !== tailStart(footer) + tailListsLength(footer)) throw damaged("has another length than its footer says");
    const fan = readFan(await load(at, length), footer.files, damaged);
    const start = format.magic.length;
    const files = { start, rowLength: format.rowLength.file, count: footer.files, bits: footer.fileBits, fan };
    return new RemoteSegment(load, { footer, files, damaged });
  }

  /** Looks up many oids at once: `keys` are 32 bytes each, ascending. @throws MlgitError corrupt if a row points nowhere */
  async findFiles(keys: Buffer): Promise<{ readonly rows: readonly FileRow[]; readonly packs: Packs }> {
    const found: Buffer[] = [];
    const reads = findRows(this.#files, keys, (_, row) => found.push(Buffer.from(row)));
    for (let next = reads.next(); !next.done; )
      next = reads.next(await this.#load(next.value.offset, next.value.length));
    if (found.length === 0) return { rows: [], packs: [] };
    this.#packs ??= this.#loadPacks();
    const packs = await this.#packs;
    return { rows: found.map((row) => readFileRow(row, 0, { packs, damaged: this.#damaged })), packs };
  }

  /** Ids of segments whose rows this one has too. @throws MlgitError corrupt */
  async supersedes(): Promise<readonly string[]> {
    const start = tailStart(this.#footer) + this.#footer.packs * format.rowLength.pack;
    const length = this.#footer.supersedes * format.rowLength.supersede;
    return readSupersedes(await this.#load(start, length), this.#damaged);
  }

  async #loadPacks(): Promise<Packs> {
    const length = this.#footer.packs * format.rowLength.pack;
    return readPacks(await this.#load(tailStart(this.#footer), length), this.#damaged);
  }
}

function tailStart({ files, chunks }: SegmentFooter): number {
  return format.magic.length + files * format.rowLength.file + chunks * format.rowLength.chunk;
}

function tailListsLength({ packs, supersedes }: SegmentFooter): number {
  return packs * format.rowLength.pack + supersedes * format.rowLength.supersede;
}
