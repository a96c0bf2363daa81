import { type ByteSource, beyond, blocksOf } from "./byte-source.ts";
import { FieldTypes, typeOfText } from "./value-types.ts";

const sampleRows = 200;
const mostColumns = 2000;
const longCell = 200;
const [quote, lineFeed, carriageReturn] = [0x22, 0x0a, 0x0d];

/** Columns with their types, by the first rows, and how many rows there are. Rows are as RFC 4180 has them. */
export function summarizeCsv(source: ByteSource, delimiters: string): string[] {
  const records = new Records(chooseDelimiter(source, delimiters));
  for (const block of blocksOf(source)) records.take(block);
  records.end();
  const [first = [], ...rest] = records.sample;
  if (first.length === 0) return ["csv: no rows"];
  const isHeader = first.every((cell) => ["text", "date"].includes(typeOfText(cell)));
  const types = new FieldTypes();
  for (const row of isHeader ? rest : [first, ...rest])
    for (const [i, cell] of row.entries())
      types.note(isHeader ? (first[i] ?? `column ${i + 1}`) : `column ${i + 1}`, typeOfText(cell));
  if (isHeader && rest.length === 0) for (const name of first) types.note(name, "empty");
  const rows = records.count - (isHeader ? 1 : 0);
  return [`csv: ${first.length} columns, ${rows} rows${beyond(source)}`, ...types.lines()];
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
  #row: string[] = [];
  #cell: number[] = [];
  #state: "start" | "plain" | "quoted" | "ended" = "start";
  #empty = true;

  constructor(delimiter: number) {
    this.#delimiter = delimiter;
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
    if (this.count < sampleRows && this.#cell.length < longCell) this.#cell.push(byte);
  }

  #endCell(): void {
    this.#empty = false;
    this.#state = "start";
    if (this.count >= sampleRows) return;
    if (this.#row.length < mostColumns) this.#row.push(Buffer.from(this.#cell).toString("utf8").trim());
    this.#cell = [];
  }

  #endRow(): void {
    const empty = this.#empty;
    this.#endCell();
    this.#empty = true;
    const row = this.#row;
    this.#row = [];
    if (empty) return;
    if (this.count < sampleRows) this.sample.push(row);
    this.count += 1;
  }
}
