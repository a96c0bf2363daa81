import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { RowFinder, RowPages } from "./byte-pages.ts";
import { type FileState, packState, stateLength, unpackState } from "./file-state.ts";

const beforeAt = stateLength;
const rowLength = beforeAt + 8;

/**
 * Files with several names that got or lost one by us, which changes an inode's change time and nothing else. Of each is kept what it was before our first
 * and after our last, as long as nobody else came between: whoever knew the file as it was before may know it as it is after. 64 bytes each.
 */
export class LinkChanges {
  readonly #rows = new RowPages(rowLength);
  readonly #finder = new RowFinder();
  readonly #hashOf = (row: number) => lowIno(this.after(row).ino);

  /** How many files. */
  get count(): number {
    return this.#rows.count;
  }

  /** To be called with what the file was immediately before a name came or went, and is immediately after. One with a single name before concerns nobody. */
  note(before: FileState, after: FileState): void {
    if (before.nlink === 1n || !isSameContent(before, after)) return;
    const hash = lowIno(before.ino);
    const known = this.find(hash, ({ dev, ino }) => dev === before.dev && ino === before.ino);
    const row = known < 0 ? this.#rows.add() : known;
    const [page, at] = [this.#rows.page(row), this.#rows.offset(row)];
    const goesOn = known >= 0 && this.after(row).ctimeNs === before.ctimeNs;
    if (!goesOn) page.writeBigInt64LE(before.ctimeNs, at + beforeAt);
    packState(after, page, at);
    if (known < 0) this.#finder.add(row, hash, this.#hashOf);
  }

  /** The row that `is` it, of those whose inode ends in these 32 bits; or -1. */
  find(ino: number, is: (after: FileState, row: number) => boolean): number {
    return this.#finder.find(ino, (row) => is(this.after(row), row));
  }

  /** What a file was after our last change. */
  after(row: number): FileState {
    return unpackState(this.#rows.page(row), this.#rows.offset(row));
  }

  /** The change time that it had before our first. */
  ctimeBefore(row: number): bigint {
    return this.#rows.page(row).readBigInt64LE(this.#rows.offset(row) + beforeAt);
  }
}

/** Does what takes a name from a file, and notes what that made of the file. `work` is done in any case. */
export function noteUnlink<T>(file: string | Buffer, links: LinkChanges, work: () => T): T {
  const fd = openToLook(file);
  if (fd === undefined) return work();
  try {
    const before = fstatSync(fd, { bigint: true });
    const done = work();
    links.note(before, fstatSync(fd, { bigint: true }));
    return done;
  } finally {
    closeSync(fd);
  }
}

/** When its last name that we know is gone, only an open file tells what became of it. */
function openToLook(file: string | Buffer): number | undefined {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

function isSameContent(a: FileState, b: FileState): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

function lowIno(ino: bigint): number {
  return Number(BigInt.asUintN(32, ino));
}
