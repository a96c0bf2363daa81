import { ByteStrings, RowPages } from "../util/byte-pages.ts";
import { type HydrateItem, type HydrateQueue, listFiles } from "./hydrate-queue.ts";

const sizeAt = 32;
const pathAt = sizeAt + 8;
const pathLengthAt = pathAt + 8;
const rowLength = pathLengthAt + 4;

/** Paths to hydrate, in some eighty bytes each: there may be a million. */
export class HydrateRows implements HydrateQueue {
  readonly #rows = new RowPages(rowLength);
  readonly #paths = new ByteStrings();
  #bytes = 0;

  get files(): number {
    return this.#rows.count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add({ path, oid, size }: HydrateItem): void {
    const row = this.#rows.add();
    const [page, at] = [this.#rows.page(row), this.#rows.offset(row)];
    page.write(oid, at, 32, "hex");
    page.writeDoubleLE(size, at + sizeAt);
    page.writeDoubleLE(this.#paths.add(path), at + pathAt);
    page.writeUInt32LE(path.length, at + pathLengthAt);
    this.#bytes += size;
  }

  *lists(): Generator<HydrateItem[], void, void> {
    for (let start = 0; start < this.files; start += listFiles)
      yield Array.from({ length: Math.min(listFiles, this.files - start) }, (_, i) => this.#item(start + i));
  }

  #item(row: number): HydrateItem {
    const [page, at] = [this.#rows.page(row), this.#rows.offset(row)];
    const path = this.#paths.get(page.readDoubleLE(at + pathAt), page.readUInt32LE(at + pathLengthAt));
    return { path, oid: page.toString("hex", at, at + 32), size: page.readDoubleLE(at + sizeAt) };
  }
}
