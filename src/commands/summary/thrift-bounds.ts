/*
 * Apache Thrift, compact protocol: a struct is fields (a byte with the type below and the distance of its id above, or a zero distance and then the id as a
 * varint) up to a zero byte; a list is a byte with the type below and its size above, 15 meaning that the size follows as a varint.
 */

const deepest = 24;
const mostElements = 1_000_000;

/**
 * Whether a struct's lists are no longer than what is there to fill them, and its parts not nested beyond reason: a reader makes room for as many
 * elements as a list says it has before it reads one.
 */
export function isBoundedThrift(bytes: Uint8Array): boolean {
  const walker = new Walker(bytes);
  try {
    walker.struct(0);
    return true;
  } catch {
    return false;
  }
}

class Walker {
  readonly #bytes: Uint8Array;
  #at = 0;
  #elements = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  struct(depth: number): void {
    this.#count(1);
    for (let head = this.#byte(); (head & 0x0f) !== 0; head = this.#byte()) {
      this.#count(1);
      if (head >> 4 === 0) this.#varint();
      const type = head & 0x0f;
      if (type > 2) this.#value(type, depth + 1);
    }
  }

  #value(type: number, depth: number): void {
    if (depth > deepest) throw new Error("too deep");
    if (type <= 3) this.#skip(1);
    else if (type <= 6) this.#varint();
    else if (type === 7) this.#skip(8);
    else if (type === 8) this.#skip(this.#varint());
    else if (type === 9 || type === 10) this.#list(depth);
    else if (type === 12) this.struct(depth);
    else throw new Error("no type of parquet");
  }

  #list(depth: number): void {
    const head = this.#byte();
    const size = head >> 4 === 15 ? this.#varint() : head >> 4;
    // Every element takes a byte at least.
    if (size > this.#bytes.length - this.#at) throw new Error("longer than what is left");
    this.#count(size);
    for (let i = 0; i < size; i++) this.#value(head & 0x0f, depth + 1);
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 70; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new Error("no number");
  }

  #byte(): number {
    this.#skip(1);
    return this.#bytes[this.#at - 1] as number;
  }

  #skip(count: number): void {
    if (!(count <= this.#bytes.length - this.#at)) throw new Error("ended");
    this.#at += count;
  }

  #count(more: number): void {
    this.#elements += more;
    if (this.#elements > mostElements) throw new Error("too many");
  }
}
