import { type ByteSource, blocksOf } from "./byte-source.ts";

const mostColumns = 2000;
/** A cell is not kept beyond so many bytes. */
export const longCell = 200;
const [quote, lineFeed, carriageReturn] = [0x22, 0x0a, 0x0d];

export interface CsvRecords {
  /** Of as much as is read at most. */
  readonly count: number;
  /** The cells of the first ones. */
  readonly sample: readonly (readonly string[])[];
  readonly delimiter: string;
}

/** Records as RFC 4180 has them. `rows`: so many are kept. `delimiters`: of these the one that the first line has most of. */
export function readRecords(
  source: ByteSource,
  { delimiters, rows }: { readonly delimiters: string; readonly rows: number },
): CsvRecords {
  const delimiter = chooseDelimiter(source, delimiters);
  const records = new Records(delimiter, rows);
  for (const block of blocksOf(source)) records.take(block);
  records.end();
  return { count: records.count, sample: records.sample, delimiter: String.fromCharCode(delimiter) };
}

/** The sign that the first line has most of. */
function chooseDelimiter(source: ByteSource, delimiters: string): number {
  const [line = ""] = Buffer.from(source.read(0, 65_536)).toString("latin1").split("\n", 1);
  const counts = [...delimiters].map((sign) => line.split(sign).length);
  return delimiters.charCodeAt(counts.indexOf(Math.max(...counts)));
}

/** Counts records and keeps the cells of the first ones, whatever the length of lines. */
class Records {
  count = 0;
  readonly sample: string[][] = [];
  readonly #delimiter: number;
  readonly #rows: number;
  #row: string[] = [];
  #cell: number[] = [];
  #state: "start" | "plain" | "quoted" | "ended" = "start";
  #empty = true;

  constructor(delimiter: number, rows: number) {
    this.#delimiter = delimiter;
    this.#rows = rows;
  }

  take(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.#state === "quoted") {
        if (byte === quote) this.#state = "ended";
        else this.#keep(byte);
      } else if (byte === lineFeed) this.#endRow();
      else if (byte === this.#delimiter) this.#endCell();
      else if (byte === quote && this.#state !== "plain") {
        // A quote after the closing one stands for itself.
        if (this.#state === "ended") this.#keep(byte);
        this.#state = "quoted";
        this.#empty = false;
      } else if (byte !== carriageReturn) {
        this.#state = this.#state === "start" ? "plain" : this.#state;
        this.#keep(byte);
      }
    }
  }

  end(): void {
    this.#endRow();
  }

  #keep(byte: number): void {
    this.#empty = false;
    if (this.count < this.#rows && this.#cell.length < longCell) this.#cell.push(byte);
  }

  #endCell(): void {
    this.#empty = false;
    this.#state = "start";
    if (this.count >= this.#rows) return;
    if (this.#row.length < mostColumns) this.#row.push(Buffer.from(this.#cell).toString("utf8"));
    this.#cell = [];
  }

  #endRow(): void {
    const empty = this.#empty;
    this.#endCell();
    this.#empty = true;
    const row = this.#row;
    this.#row = [];
    if (empty) return;
    if (this.count < this.#rows) this.sample.push(row);
    this.count += 1;
  }
}
