import { randomBytes } from "node:crypto";
import { posix } from "node:path";
import type { FileEntryWithStats, Stats } from "ssh2";
import { BackendError } from "../backend-error.ts";
import { status, statusOf } from "./sftp-error.ts";
import type { SftpLine } from "./sftp-line.ts";
import { type WriteOptions, writeBody } from "./sftp-transfer.ts";

/** Requests of SFTP that a store is made of, and OpenSSH's extensions of them. */
export class SftpFiles {
  readonly line: SftpLine;

  constructor(line: SftpLine) {
    this.line = line;
  }

  stat(path: string): Promise<Stats> {
    return this.line.ask<Stats>((sftp, done) => sftp.stat(path, done as never));
  }

  /** Of an open file, which may have lost its name meanwhile. */
  statOpen(file: Buffer): Promise<Stats> {
    return this.line.ask<Stats>((sftp, done) => sftp.fstat(file, done as never));
  }

  /** Undefined for what is not there. */
  async find(path: string): Promise<Stats | undefined> {
    return this.stat(path).catch((error) => absent(error));
  }

  /** What a folder holds, by name; nothing for one that is not there. */
  async entries(path: string): Promise<FileEntryWithStats[]> {
    const found = await this.line
      .ask<FileEntryWithStats[]>((sftp, done) => sftp.readdir(path, done as never))
      .catch(absent);
    return (found ?? []).sort((a, b) => (a.filename < b.filename ? -1 : 1));
  }

  async open<T>(path: string, flags: "r" | "wx", work: (file: Buffer) => Promise<T>): Promise<T> {
    const file = await this.line.ask<Buffer>((sftp, done) => sftp.open(path, flags, done));
    const close = () => this.line.ask<void>((sftp, done) => sftp.close(file, done as never));
    let result: T;
    try {
      result = await work(file);
    } catch (error) {
      await close().catch(() => {});
      throw error;
    }
    // Where the server cannot fsync, only this tells of a write that a quota or the disk behind NFS refused.
    await close().catch((error) => {
      if (flags === "wx") throw error;
    });
    return result;
  }

  /** Makes a folder unless it is there. */
  async mkdir(path: string): Promise<void> {
    await this.line
      .ask<void>((sftp, done) => sftp.mkdir(path, done as never))
      .catch(async (error) => {
        if ((await this.find(path))?.isDirectory() !== true) throw error;
      });
  }

  /** Removes a file; one that is not there is no error. */
  async unlink(path: string): Promise<void> {
    await this.line.ask<void>((sftp, done) => sftp.unlink(path, done as never)).catch(absent);
  }

  /** A new hidden file beside `path` with these bytes, durable where the server can. */
  async writeTemporary(path: string, body: Uint8Array, options: WriteOptions): Promise<string> {
    const temporary = posix.join(posix.dirname(path), `.mlgit-tmp-${randomBytes(8).toString("hex")}`);
    try {
      await this.open(temporary, "wx", async (file) => {
        await writeBody(this.line, file, body, options);
        await this.line.ask<void>((sftp, done) => sftp.ext_openssh_fsync(file, done as never)).catch(unlessUnsupported);
      });
    } catch (error) {
      await this.unlink(temporary).catch(() => {});
      throw error;
    }
    return temporary;
  }

  /** Gives a file its name, in place of what had it, in one step. */
  async replace(from: string, to: string): Promise<void> {
    await this.line.ask<void>((sftp, done) => sftp.ext_openssh_rename(from, to, done as never));
  }

  /** Gives a file its name unless that is taken: a hard link is made by exactly one of several writers. */
  async link(from: string, to: string): Promise<"created" | "exists"> {
    try {
      await this.line.ask<void>((sftp, done) => sftp.ext_openssh_hardlink(from, to, done as never));
      return "created";
    } catch (error) {
      // The server says only that it failed.
      if (statusOf(error) === status.failure && (await this.find(to))) return "exists";
      throw error;
    }
  }
}

function absent(error: unknown): undefined {
  if (statusOf(error) !== status.missing) throw error;
}

function unlessUnsupported(error: unknown): void {
  const isOurs = error instanceof Error && /does not support/i.test(error.message);
  if (!isOurs && statusOf(error) !== status.unsupported) throw error;
}

/** ssh2 throws at once where the server did not announce an extension. */
export function withoutExtension(error: unknown, key: string): unknown {
  if (!(error instanceof Error) || !/does not support/i.test(error.message)) return error;
  return new BackendError("unsupported", `the server cannot put ${key} in its place in one step: ${error.message}`, {
    path: key,
    hint: "a store needs OpenSSH's server (posix-rename and hardlink), or one of its kind; see docs/backend/sftp.md",
    cause: error,
  });
}
