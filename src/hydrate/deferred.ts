import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { onDisk } from "../error/disk-error.ts";
import { systemCode } from "../error/mlgit-error.ts";
import { crc32 } from "../util/crc32.ts";
import { uniqueName, writeAll } from "../util/durable.ts";
import { isGroupShared, shareFile } from "../util/group-shared.ts";
import { isRunning } from "../util/process-mark.ts";
import { listFiles } from "./hydrate-queue.ts";

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
/** More than the digits of any process id. */
const ownerLength = 16;
const headSize = 4 + 4 + 32 + 8;
/** Much longer than a record. */
const blockSize = 1 << 20;

/**
 * The list of deferred paths of one worktree: `<git dir>/mlgit-deferred`, where a hook's shell shim can see without starting anything
 * whether there is work. Records are length u32 · CRC-32 u32 · oid 32 · size u64 · path. It only saves time: a path that is lost from it
 * still holds its pointer, and `git mlgit hydrate` finds it.
 */
export class DeferredJournal {
  readonly #path: string;
  readonly #owner: string;
  readonly #rebase: string;
  #isOwner = false;
  /** Asked once: many thousands of files may be put off. */
  #isShared: boolean | undefined;

  constructor(gitDir: string) {
    this.#rebase = join(gitDir, "rebase-merge");
    this.#path = join(gitDir, fileName);
    this.#owner = join(gitDir, ownerName);
  }

  /** Opens and closes at every call: between two calls the list may have been taken away to be worked off. */
  append(one: DeferredPath): void {
    onDisk("write", this.#path, () => {
      if (!this.#isOwner) writeOwner(this.#owner);
      this.#isOwner = true;
      this.#isShared ??= isGroupShared(dirname(this.#path));
      const fd = openSync(this.#path, "a");
      try {
        if (this.#isShared) shareFile(fd, dirname(this.#path));
        writeAll(fd, encode(one));
      } finally {
        closeSync(fd);
      }
    });
  }

  /**
   * Whether the filter of another git writes the list, which lives and may have started ours, as `git merge --autostash` starts `git stash create`. It
   * will write the index as it read it, over what the index would be told of these files now, and git would call them changed. A rebase reads the
   * index anew after what it starts, and that may want real files.
   */
  isInOtherHands(): boolean {
    const owner = ownerIn(this.#owner);
    return owner !== undefined && owner !== process.pid && isRunning(owner) && !existsSync(this.#rebase);
  }

  /**
   * Takes the list, and whatever an interrupted run left, and hands it to `work`. Two that drain at once get different parts.
   * The list is forgotten only after `work` is done.
   */
  async drain(work: (paths: DeferredLists) => Promise<void>): Promise<void> {
    const mine = `${this.#path}.${process.pid}-${uniqueName()}`;
    const taken = [...this.#abandoned(), ...(this.#take(this.#path, mine) ? [mine] : [])];
    const lists = new DeferredLists(taken);
    if (lists.files > 0) await work(lists);
    for (const file of taken) remove(file);
  }

  #take(from: string, to: string): boolean {
    try {
      renameSync(from, to);
      return true;
    } catch (error) {
      // A read-only file system says that it is one before it looks for the file.
      if (systemCode(error) === "ENOENT" || !existsSync(from)) return false;
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

/** Another user's, of a repository that a group shares, is replaced. */
function openOwner(path: string): number {
  const open = () => openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o666);
  try {
    return open();
  } catch (error) {
    if (systemCode(error) !== "EACCES") throw error;
    remove(path);
    return open();
  }
}

/** In place, and always as long: ext4 writes a file that was emptied to the disk at once when it is closed, which takes longer than hydrating a file. */
function writeOwner(path: string): void {
  const fd = openOwner(path);
  try {
    shareFile(fd, dirname(path));
    writeSync(fd, `${String(process.pid).padEnd(ownerLength - 1)}\n`, 0, "latin1");
  } finally {
    closeSync(fd);
  }
}

function ownerIn(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path, "latin1"), 10);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Node loads a module more for `rmSync`. */
function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
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

/** Records are read anew each time: as objects a million of them would fill the memory. */
export class DeferredLists {
  readonly #files: readonly string[];
  readonly files: number = 0;
  readonly bytes: number = 0;

  constructor(files: readonly string[]) {
    this.#files = files;
    for (const record of this.#records()) {
      this.files++;
      this.bytes += sizeOf(record);
    }
  }

  /** A path that was deferred twice is wanted as it was last, and may be in two lists. */
  *lists(): Generator<DeferredPath[], void, void> {
    let paths = new Map<string, DeferredPath>();
    for (const record of this.#records()) {
      const path = Buffer.from(record.subarray(headSize));
      paths.set(path.toString("latin1"), { path, oid: record.toString("hex", 8, 40), size: sizeOf(record) });
      if (paths.size < listFiles) continue;
      yield [...paths.values()];
      paths = new Map();
    }
    if (paths.size > 0) yield [...paths.values()];
  }

  *#records(): Generator<Buffer, void, void> {
    for (const file of this.#files) yield* recordsOf(file);
  }
}

/** Views, each good until the next, up to the first record that does not check. */
function* recordsOf(file: string): Generator<Buffer, void, void> {
  const block = Buffer.allocUnsafeSlow(blockSize);
  const fd = openSync(file, "r");
  try {
    for (let kept = 0; ; ) {
      const end = kept + readSync(fd, block, kept, block.length - kept, null);
      let at = 0;
      while (at + headSize <= end) {
        const record = block.subarray(at, Math.min(end, at + block.readUInt32LE(at)));
        if (record.length < block.readUInt32LE(at) && end > kept) break;
        if (record.length <= headSize || crc32(record.subarray(8)) !== record.readUInt32LE(4)) return;
        yield record;
        at += record.length;
      }
      if (end === kept) return;
      block.copyWithin(0, at, end);
      kept = end - at;
    }
  } finally {
    closeSync(fd);
  }
}

function sizeOf(record: Buffer): number {
  return Number(record.readBigUInt64LE(40));
}
