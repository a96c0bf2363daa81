import { FieldTypes } from "./value-types.ts";

const longKey = 200;
const spaces = [0x20, 0x09, 0x0a, 0x0d];
/** By their first sign: `true`, `false`, `null`. */
const literals: ReadonlyMap<number, string> = new Map([
  [0x74, "boolean"],
  [0x66, "boolean"],
  [0x6e, "empty"],
]);
const noElement = "nothing";

/**
 * Walks through JSON byte by byte and notes the keys of the topmost object, or those of the objects in the topmost list, with the types of
 * their values. Takes anything: what is no JSON gives odd notes and no error.
 */
export class JsonScanner {
  top: string | undefined;
  /** Of the topmost list. */
  elements = 0;
  readonly fields = new FieldTypes();
  #depth = 0;
  #inString = false;
  #escaped = false;
  #text: number[] = [];
  /** The last string that was read, a key if a colon follows. */
  #string = "";
  #key: string | undefined;
  #count = 0;
  #filled = false;
  readonly #levels: ("object" | "list")[] = [];

  /** Everything that was opened was closed. */
  get isWhole(): boolean {
    return this.top !== undefined && this.#depth === 0 && !this.#inString;
  }

  take(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.#inString) this.#takeString(byte);
      else this.#takeSign(byte);
    }
  }

  #takeString(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === 0x5c) this.#escaped = true;
    else if (byte === 0x22) {
      this.#inString = false;
      if (this.#depth <= 2) this.#string = Buffer.from(this.#text).toString("utf8");
      return;
    }
    if (this.#depth <= 2 && this.#text.length < longKey) this.#text.push(byte);
  }

  #takeSign(byte: number): void {
    if (spaces.includes(byte)) return;
    if (byte === 0x22) {
      this.#begin("text");
      this.#inString = true;
      this.#text = [];
    } else if (byte === 0x7b || byte === 0x5b) this.#open(byte === 0x7b ? "object" : "list");
    else if (byte === 0x7d || byte === 0x5d) this.#close();
    else if (byte === 0x2c) this.#filled = false;
    else if (byte === 0x3a) this.#endKey();
    else this.#begin(literals.get(byte) ?? "number");
  }

  #endKey(): void {
    if (this.#isField()) this.#key = this.#string;
    this.#filled = false;
  }

  /** At a depth where keys are noted: in the topmost object, or in an object of the topmost list. */
  #isField(): boolean {
    const [first, second] = this.#levels;
    return this.#depth === 1 ? first === "object" : this.#depth === 2 && first === "list" && second === "object";
  }

  /** The first sign of a value. */
  #begin(type: string): void {
    if (this.#depth === 0) {
      this.top ??= type;
      return;
    }
    if (this.#depth === 1 && this.top === "list" && !this.#filled) this.elements++;
    if (this.#depth === 2 && !this.#filled && this.#levels[1] === "list") this.#count++;
    this.#filled = true;
    if (this.#key === undefined || !this.#isField()) return;
    if (type !== "list" || this.#depth !== 1) this.fields.note(this.#key, type);
    if (type !== "list" || this.#depth !== 1) this.#key = undefined;
  }

  #open(type: "object" | "list"): void {
    this.#begin(type);
    if (this.#depth < 2) this.#levels[this.#depth] = type;
    this.#depth++;
    this.#filled = false;
    if (this.#depth === 2) this.#count = 0;
  }

  #close(): void {
    if (this.#depth === 0) return;
    this.#depth--;
    this.#filled = true;
    if (this.#depth === 1 && this.top === "object" && this.#levels[1] === "list" && this.#key !== undefined) {
      this.fields.note(this.#key, this.#count === 0 ? `list of ${noElement}` : `list of ${this.#count}`);
      this.#key = undefined;
    }
  }
}
