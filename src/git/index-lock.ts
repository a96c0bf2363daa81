import {
  closeSync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemCode } from "../error/mlgit-error.ts";
import { takeName, uniqueName, writeAll } from "../util/durable.ts";
import { mayBeAlive, processMark } from "../util/process-mark.ts";
import { setMode } from "../util/set-mode.ts";

const prefix = "mlgit-lock.";

/**
 * A new index in the making, and the lock that every git process takes before it replaces an index: `<index>.lock`, which exists once only. It becomes
 * the new index by rename. Never taken from another owner that may be alive.
 *
 * The lock is a second name of `mlgit-lock.<process mark>.<random>`, so that whoever comes after a killed process knows whose it was: git itself never
 * removes a lock that is left, and asks the user to.
 */
export class IndexLock {
  readonly #index: string;
  readonly #own: string;
  readonly #fd: number;
  #end = 0;
  #held = false;
  #open = true;
  readonly #releaseAtExit = () => this.release();

  private constructor(index: string, own: string) {
    this.#index = index;
    this.#own = own;
    this.#fd = openSync(own, "wx", 0o666);
    process.once("exit", this.#releaseAtExit);
  }

  /**
   * Nothing is locked yet, so that nobody waits while it is written. `release` in any case.
   * @throws the system's error when the folder cannot be written to.
   */
  static begin(index: string): IndexLock {
    removeLeft(index);
    return new IndexLock(index, ownName(index));
  }

  get path(): string {
    return `${this.#index}.lock`;
  }

  /** Tries until `patienceMs` have passed; false when somebody else still holds it. */
  async take(patienceMs: number): Promise<boolean> {
    const deadline = Date.now() + patienceMs;
    for (let pause = 5; ; pause = Math.min(pause * 2, 200)) {
      if (this.#tryTake()) return true;
      if (Date.now() >= deadline) return false;
      await sleep(pause * (0.5 + Math.random() / 2));
    }
  }

  #tryTake(): boolean {
    this.#held = takeName(this.#own, this.path);
    return this.#held;
  }

  /** Writes the whole new index or its beginning, with the permissions of the old one (core.sharedRepository). What was written before counts no more. */
  write(bytes: Uint8Array, mode: number): void {
    if ((fstatSync(this.#fd).mode & 0o777) !== (mode & 0o777)) setMode(this.#fd, mode & 0o777);
    ftruncateSync(this.#fd);
    this.#end = 0;
    this.append(bytes);
  }

  /** Writes what follows. */
  append(bytes: Uint8Array): void {
    writeAll(this.#fd, bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Sets the modification time, in seconds, and answers in nanoseconds what the file system made of it. */
  setTime(seconds: number): bigint {
    futimesSync(this.#fd, seconds, seconds);
    return fstatSync(this.#fd, { bigint: true }).mtimeNs;
  }

  /**
   * Makes what was written, or `instead` of it another complete file in the same folder, the index.
   * @throws Error when the lock is not ours, or no longer: somebody took it for abandoned and removed it.
   */
  commit(instead?: string): void {
    if (!this.#held || !this.#isOurs()) throw Object.assign(new Error(`${this.path} is gone`), { code: "ESTALE" });
    // Some network file systems report a full disk only here.
    this.#close();
    if (instead !== undefined) renameSync(instead, this.path);
    renameSync(this.path, this.#index);
    this.#held = false;
    this.release();
  }

  /** Gives the lock back without a change; after a commit it does nothing. */
  release(): void {
    process.removeListener("exit", this.#releaseAtExit);
    if (this.#held && (!this.#open || this.#isOurs())) remove(this.path);
    this.#held = false;
    this.#close();
    remove(this.#own);
  }

  #isOurs(): boolean {
    return isSame(fstatSync(this.#fd, { bigint: true }), this.path);
  }

  #close(): void {
    if (this.#open) {
      this.#open = false;
      closeSync(this.#fd);
    }
  }
}

function ownName(index: string): string {
  return join(dirname(index), `${prefix}${processMark()}.${uniqueName()}`);
}

/** Removes what killed processes left: their files, and the lock where it is one of these. */
function removeLeft(index: string): void {
  const folder = dirname(index);
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(prefix) || mayBeAlive(name.slice(prefix.length).split(".")[0] ?? "")) continue;
    const claimed = ownName(index);
    try {
      // Of several that see it one gets it, and while it has this name no other file has its inode.
      renameSync(join(folder, name), claimed);
      if (isSame(lstatSync(claimed, { bigint: true }), `${index}.lock`)) remove(`${index}.lock`);
      remove(claimed);
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
    }
  }
}

function isSame(one: { readonly ino: bigint; readonly dev: bigint }, path: string): boolean {
  const now = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return now?.ino === one.ino && now.dev === one.dev;
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}
