import {
  type BigIntStats,
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  futimesSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { onDisk } from "../../error/disk-error.ts";
import { MlgitError, systemCode } from "../../error/mlgit-error.ts";
import { makeFolder, makeShared, uniqueName } from "../../util/durable.ts";
import { hashFd } from "../../util/hash-file.ts";
import { setMode } from "../../util/set-mode.ts";
import type { CacheLayout } from "./layout.ts";
import type { ReuseLog } from "./reuse-log.ts";
import { type Flushed, SyncQueue } from "./sync-queue.ts";
import { isUnreadable, type UnreadFiles } from "./unread-files.ts";
import type { VerifiedLog } from "./verified-log.ts";

/** A time that is past for every clock that counts whole seconds. */
function agedSeconds(): number {
  return Date.now() / 1000 - 3;
}

/** The whole files of a cache: `files/ab/<sha256>`, read-only, each believed only while its record in the verified log holds. */
export class LargeFiles {
  readonly #layout: CacheLayout;
  readonly #verified: VerifiedLog;
  readonly #sync = new SyncQueue();
  readonly #reused: ReuseLog;
  readonly #unread: UnreadFiles;
  /** False once a file did not become read-only: the file system, or who owns it, has no such thing. */
  #hasModes = true;

  constructor(
    layout: CacheLayout,
    { verified, reused, unread }: { verified: VerifiedLog; reused: ReuseLog; unread: UnreadFiles },
  ) {
    this.#layout = layout;
    this.#reused = reused;
    this.#verified = verified;
    this.#unread = unread;
  }

  /** The oids of all files, as their names say. */
  *oids(): Iterable<string> {
    for (const folder of readdirSync(this.#layout.files))
      for (const name of readdirSync(join(this.#layout.files, folder))) if (/^[0-9a-f]{64}$/.test(name)) yield name;
  }

  /** Whether there is something of that name; cheaper than its size. */
  has(oid: string): boolean {
    const path = this.#layout.file(oid);
    return existsSync(path) && !this.#unread.has(path);
  }

  /** Size in bytes, or undefined when there is no such file. Says nothing of its bytes. */
  size(oid: string): number | undefined {
    const path = this.#layout.file(oid);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    return stat?.isFile() && !this.#unread.has(path) ? stat.size : undefined;
  }

  /**
   * A file whose bytes are known to be right: they are hashed unless that was done since the file last changed.
   * A file that fails is moved to `bad/`. Undefined when there is none.
   * @throws MlgitError kind `corrupt` after moving it aside; `disk` or `denied`, and from now on there is none, when the system does not give it.
   */
  verified(oid: string): { readonly path: string; readonly size: number } | undefined {
    const path = this.#layout.file(oid);
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (!found?.isFile() || this.#unread.has(path)) return undefined;
    const stat = this.#protect(oid, found);
    if (this.#verified.holds(oid, stat)) return { path, size: Number(stat.size) };
    if (!this.#readRight(oid)) throw this.setAside(oid, "its bytes do not match its name");
    return { path, size: Number(stat.size) };
  }

  /**
   * A `chmod` of files in a worktree reaches what they are links to, and what is writable is never linked again: without another name it becomes read-only, and what
   * was right before that is right. One that has other names is the user's.
   */
  #protect(oid: string, found: BigIntStats): BigIntStats {
    if ((found.mode & 0o222n) === 0n || found.nlink > 1n || !this.#hasModes) return found;
    const path = this.#layout.file(oid);
    const wasRight = this.#verified.holds(oid, found);
    try {
      chmodSync(path, 0o444);
    } catch {
      // Another user's, or a cache that can only be read: it stays as it is.
    }
    const now = lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? found;
    this.#hasModes = (now.mode & 0o222n) === 0n;
    const isSame = now.ino === found.ino && now.size === found.size && now.mtimeNs === found.mtimeNs;
    if (wasRight && isSame) this.#verified.note(oid, now);
    return now;
  }

  /** Whether the system gives a file at all; it is read. */
  isReadable(oid: string): boolean {
    try {
      this.#readRight(oid);
      return true;
    } catch (error) {
      if (isUnreadable(error)) return false;
      throw error;
    }
  }

  #readRight(oid: string): boolean {
    try {
      return this.recheck(oid);
    } catch (error) {
      throw this.#unread.note(this.#layout.file(oid), error);
    }
  }

  /** Where a file lies whose bytes are known to be right without reading it. */
  known(oid: string): string | undefined {
    const path = this.#layout.file(oid);
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stat?.isFile() && !this.#unread.has(path) && this.#verified.holds(oid, stat) ? path : undefined;
  }

  /** Hashes a file whatever is known of it, and remembers the result. False when its bytes are wrong; it stays where it is. */
  recheck(oid: string): boolean {
    this.#verified.forget(oid);
    const fd = openSync(this.#layout.file(oid), "r");
    try {
      const before = fstatSync(fd, { bigint: true });
      const right = hashFd(fd) === oid;
      if (right) this.#verified.note(oid, before);
      return right;
    } finally {
      closeSync(fd);
    }
  }

  /**
   * Takes over a finished temporary file whose content was hashed as `oid` while it was written.
   * An existing file is replaced, which mends it if it was damaged, unless it is known to be right. Durable after `flush`; `flushed`: of what was written back before.
   */
  adopt(temp: string, fd: number, oid: string, flushed?: Flushed): void {
    const path = this.#layout.file(oid);
    onDisk("store content in", path, () => {
      const existing = lstatSync(path, { bigint: true, throwIfNoEntry: false });
      if (existing && !this.#unread.has(path) && this.#verified.holds(oid, existing)) {
        this.#reused.note(oid);
        // Dropped a moment ago, it is taken in like a new one.
        if (lstatSync(path, { throwIfNoEntry: false })) return rmSync(temp, { force: true });
      }
      setMode(temp, 0o444);
      // What is linked into a worktree keeps this time, and git reads files again that are as young as its index.
      futimesSync(fd, agedSeconds(), agedSeconds());
      makeShared(dirname(path));
      renameSync(temp, path);
      this.#unread.forget(path);
      const stat = lstatSync(path, { bigint: true });
      this.#verified.trust(oid, stat);
      this.#sync.add(path, () => this.#verified.settle(oid), flushed);
    });
  }

  /** Resolves when everything adopted is durable. @throws MlgitError kind `disk` */
  flush(): Promise<void> {
    return this.#sync.drain();
  }

  /** Our own link moved the ctime of a file that was right before it. @param link what either name says now */
  noteShared(oid: string, link?: BigIntStats): void {
    const stat = link ?? lstatSync(this.#layout.file(oid), { bigint: true, throwIfNoEntry: false });
    if (stat && stat.nlink > 1n) this.#verified.note(oid, stat);
  }

  /** Moves a damaged file out of the way and returns the error that tells so. */
  setAside(oid: string, reason: string): MlgitError {
    const path = this.#layout.file(oid);
    const kept = join(this.#layout.bad, `${oid}-${uniqueName()}`);
    try {
      makeFolder(this.#layout.bad);
      renameSync(path, kept);
    } catch (error) {
      if (systemCode(error) !== "ENOENT") return cannotSetAside(path, oid, error);
    }
    return new MlgitError(
      "corrupt",
      `the cached copy of sha256:${oid} is damaged (${reason}); it was moved to ${kept}`,
      {
        oid,
        path: kept,
        hint: "run the command again to fetch it from the store, or `git mlgit add` the file that has this content",
      },
    );
  }
}

function cannotSetAside(path: string, oid: string, cause: unknown): MlgitError {
  return new MlgitError("corrupt", `the cached copy ${path} is damaged and cannot be moved aside`, {
    oid,
    path,
    hint: "remove that file by hand and run the command again",
    cause,
  });
}
