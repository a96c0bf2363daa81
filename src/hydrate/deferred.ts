import { closeSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { onDisk } from "../error/disk-error.ts";
import { systemCode } from "../error/mlgit-error.ts";
import { crc32 } from "../util/crc32.ts";
import { uniqueName } from "../util/durable.ts";
import { isRunning } from "../util/process-mark.ts";

/** A path that holds its pointer and is to get its bytes. */
export interface DeferredPath {
  /** Relative to the worktree's top, raw bytes. */
  readonly path: Buffer;
  readonly oid: string;
  readonly size: number;
}

const fileName = "mlgit-deferred";
/** Holds the process id of the filter that writes the list, for the hooks: as long as it lives, the list is in good hands. */
const ownerName = "mlgit-filter";
const headSize = 4 + 4 + 32 + 8;

/**
 * The list of deferred paths of one worktree: `<git dir>/mlgit-deferred`, where a hook's shell shim can see without starting anything
 * whether there is work. Records are length u32 · CRC-32 u32 · oid 32 · size u64 · path. It only saves time: a path that is lost from it
 * still holds its pointer, and `git mlgit hydrate` finds it.
 */
export class DeferredJournal {
  readonly #path: string;
  readonly #owner: string;
  #isOwner = false;

  constructor(gitDir: string) {
    this.#path = join(gitDir, fileName);
    this.#owner = join(gitDir, ownerName);
  }

  /** Opens and closes at every call: between two calls the list may have been taken away to be worked off. */
  append(one: DeferredPath): void {
    onDisk("write", this.#path, () => {
      if (!this.#isOwner) writeFileSync(this.#owner, `${process.pid}\n`);
      this.#isOwner = true;
      const fd = openSync(this.#path, "a");
      try {
        writeSync(fd, encode(one));
      } finally {
        closeSync(fd);
      }
    });
  }

  /**
   * Takes the list, and whatever an interrupted run left, and hands it to `work`. Two that drain at once get different parts.
   * The list is forgotten only after `work` is done.
   */
  async drain(work: (paths: readonly DeferredPath[]) => Promise<void>): Promise<void> {
    const mine = `${this.#path}.${process.pid}-${uniqueName()}`;
    const taken = [...this.#abandoned(), ...(this.#take(this.#path, mine) ? [mine] : [])];
    const paths = taken.flatMap((file) => decode(readFileSync(file)));
    if (paths.length > 0) await work(newest(paths));
    for (const file of taken) rmSync(file, { force: true });
  }

  #take(from: string, to: string): boolean {
    try {
      renameSync(from, to);
      return true;
    } catch (error) {
      if (systemCode(error) === "ENOENT") return false;
      throw error;
    }
  }

  /** Lists that a process took and did not finish because it died. */
  #abandoned(): string[] {
    const folder = dirname(this.#path);
    const prefix = `${basename(this.#path)}.`;
    const found = readdirSync(folder).filter((name) => name.startsWith(prefix) && !alive(name.slice(prefix.length)));
    return found
      .map((name) => ({ from: join(folder, name), to: `${this.#path}.${process.pid}-${uniqueName()}` }))
      .filter(({ from, to }) => this.#take(from, to))
      .map(({ to }) => to);
  }
}

function alive(owner: string): boolean {
  const pid = Number.parseInt(owner, 10);
  return pid !== process.pid && isRunning(pid);
}

function encode(one: DeferredPath): Buffer {
  const record = Buffer.alloc(headSize + one.path.length);
  record.writeUInt32LE(record.length, 0);
  record.write(one.oid, 8, 32, "hex");
  record.writeBigUInt64LE(BigInt(one.size), 40);
  one.path.copy(record, headSize);
  record.writeUInt32LE(crc32(record.subarray(8)), 4);
  return record;
}

function decode(bytes: Buffer): DeferredPath[] {
  const paths: DeferredPath[] = [];
  for (let at = 0; at + headSize <= bytes.length; ) {
    const record = bytes.subarray(at, at + bytes.readUInt32LE(at));
    if (record.length <= headSize || crc32(record.subarray(8)) !== record.readUInt32LE(4)) break;
    paths.push({
      path: record.subarray(headSize),
      oid: record.toString("hex", 8, 40),
      size: Number(record.readBigUInt64LE(40)),
    });
    at += record.length;
  }
  return paths;
}

/** A path that was deferred twice is wanted as it was last. */
function newest(paths: readonly DeferredPath[]): DeferredPath[] {
  return [...new Map(paths.map((one) => [one.path.toString("latin1"), one])).values()];
}
