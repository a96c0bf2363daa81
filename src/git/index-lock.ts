import {
  closeSync,
  fchmodSync,
  fstatSync,
  futimesSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { systemCode } from "../error/mlgit-error.ts";

/**
 * The lock that every git process takes before it replaces an index: `<index>.lock`, created exclusively. It becomes the new index by
 * rename. Never taken from another owner.
 */
export class IndexLock {
  readonly #index: string;
  readonly #fd: number;
  #held = true;
  #open = true;
  readonly #releaseAtExit = () => this.release();

  private constructor(index: string, fd: number) {
    this.#index = index;
    this.#fd = fd;
    process.once("exit", this.#releaseAtExit);
  }

  get path(): string {
    return `${this.#index}.lock`;
  }

  /**
   * Tries until `patienceMs` have passed; undefined when somebody else still holds it.
   * @throws the system's error when the folder cannot be written to.
   */
  static async take(index: string, patienceMs: number): Promise<IndexLock | undefined> {
    const deadline = Date.now() + patienceMs;
    for (let pause = 5; ; pause = Math.min(pause * 2, 200)) {
      try {
        return new IndexLock(index, openSync(`${index}.lock`, "wx", 0o666));
      } catch (error) {
        if (systemCode(error) !== "EEXIST") throw error;
      }
      if (Date.now() >= deadline) return undefined;
      await sleep(pause * (0.5 + Math.random() / 2));
    }
  }

  /** Writes the whole new index, with the permissions of the old one (core.sharedRepository). Once. */
  write(bytes: Buffer, mode: number): void {
    if ((fstatSync(this.#fd).mode & 0o777) !== (mode & 0o777)) fchmodSync(this.#fd, mode & 0o777);
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
  }

  /** Sets the modification time, in seconds, and answers in nanoseconds what the file system made of it. */
  setTime(seconds: number): bigint {
    futimesSync(this.#fd, seconds, seconds);
    return fstatSync(this.#fd, { bigint: true }).mtimeNs;
  }

  /**
   * Makes the lock file, or `instead` of it another complete file in the same folder, the index.
   * @throws Error when the lock is no longer ours: somebody took it for abandoned and removed it.
   */
  commit(instead?: string): void {
    if (!this.#isOurs()) throw Object.assign(new Error(`${this.path} is gone`), { code: "ESTALE" });
    // Some network file systems report a full disk only here.
    this.#close();
    if (instead !== undefined) renameSync(instead, this.path);
    renameSync(this.path, this.#index);
    this.#letGo();
  }

  /** Gives the lock back without a change; after a commit it does nothing. */
  release(): void {
    if (!this.#held) return;
    this.#letGo();
    if (!this.#open || this.#isOurs()) unlinkSync(this.path);
    this.#close();
  }

  #isOurs(): boolean {
    const { ino, dev } = fstatSync(this.#fd, { bigint: true });
    const now = lstatSync(this.path, { bigint: true, throwIfNoEntry: false });
    return now?.ino === ino && now.dev === dev;
  }

  #letGo(): void {
    this.#held = false;
    process.removeListener("exit", this.#releaseAtExit);
  }

  #close(): void {
    if (this.#open) {
      this.#open = false;
      closeSync(this.#fd);
    }
  }
}
