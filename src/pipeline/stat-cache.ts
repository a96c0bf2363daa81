import { readFileSync } from "node:fs";
import { parsePointer } from "../pointer/pointer.ts";
import { writeDurable } from "../util/durable.ts";
import type { FileState } from "../util/file-state.ts";

/** Size, mtime, ctime, inode, and the oid of what was read then. Times in nanoseconds. */
type Row = readonly [size: string, mtime: string, ctime: string, inode: string, oid: string];

/** Some file systems keep whole seconds only. */
const coarse = 2_000_000_000n;
/** The kernel's clock for files ticks every few milliseconds. */
const fine = 50_000_000n;
const second = 1_000_000_000n;
const heading = "mlgit-stat 1";

/** Who else may know what a file holds, where no row does: its pointer's text. */
interface OtherSource {
  blobOf(path: string, stat: FileState): Buffer | undefined;
}

/**
 * Spares reading files again that have not changed since they were hashed. Throw-away: whatever is wrong with its file, it is
 * empty. A file that changed just before it was read is not remembered, since another change in the same tick would not show.
 */
export class StatCache {
  readonly #file: string;
  readonly #rows: Map<string, Row>;
  readonly #other: OtherSource | undefined;
  #changed = false;

  constructor(file: string, other?: OtherSource) {
    this.#file = file;
    this.#rows = load(file);
    this.#other = other;
  }

  /** The oid of a file of this name in this state, if it is known. */
  get(path: string, stat: FileState): string | undefined {
    const row = this.#rows.get(path);
    if (row === undefined) return this.#ask(path, stat);
    const [size, mtime, ctime, inode, oid] = row;
    const same =
      size === String(stat.size) &&
      mtime === String(stat.mtimeNs) &&
      ctime === String(stat.ctimeNs) &&
      inode === String(stat.ino);
    return same ? oid : this.#ask(path, stat);
  }

  #ask(path: string, stat: FileState): string | undefined {
    const pointer = parsePointer(this.#other?.blobOf(path, stat) ?? Buffer.alloc(0));
    return pointer && BigInt(pointer.size) === stat.size ? `sha256:${pointer.oid}` : undefined;
  }

  /** `readAt`: nanoseconds since 1970 when reading began; `stat` is from before that. */
  set(path: string, stat: FileState, { oid, readAt }: { readonly oid: string; readonly readAt: bigint }): void {
    if (isRacy(stat.mtimeNs, readAt) || isRacy(stat.ctimeNs, readAt)) {
      this.#changed = this.#rows.delete(path) || this.#changed;
      return;
    }
    this.#rows.set(path, [String(stat.size), String(stat.mtimeNs), String(stat.ctimeNs), String(stat.ino), oid]);
    this.#changed = true;
  }

  save(): void {
    if (!this.#changed) return;
    writeDurable(this.#file, `${heading}\n${JSON.stringify([...this.#rows])}\n`);
    this.#changed = false;
  }
}

function isRacy(time: bigint, readAt: bigint): boolean {
  return time + (time % second === 0n ? coarse : fine) > readAt;
}

function load(file: string): Map<string, Row> {
  try {
    const [first, body = ""] = readFileSync(file, "utf8").split("\n", 2);
    if (first === heading) return new Map(JSON.parse(body) as [string, Row][]);
  } catch {
    // Not there, or not readable: files are read once more.
  }
  return new Map();
}
