import { type FileHandle, open, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { systemCode } from "../../error/mlgit-error.ts";
import type {
  Backend,
  BackendProperties,
  Body,
  ByteRange,
  CopyPlace,
  FileInfo,
  MadePlace,
  SaveOptions,
} from "../backend.ts";
import {
  BackendError,
  checkSignal,
  conflictError,
  isNotFoundError,
  isPermanentError,
  missingError,
} from "../backend-error.ts";
import { beginsStore, type FileType, type Handle, handleOf, keyOf, prefixOf } from "../handle.ts";
import { spanOf } from "../range.ts";
import { type FileConfig, fileUrl } from "./file-config.ts";
import { fileError } from "./file-error.ts";
import { StoreFolder } from "./file-folder.ts";
import { walk } from "./file-list.ts";
import { infoOf, spanBody, tagOf } from "./file-read.ts";
import {
  copyTemporary,
  linkInto,
  type NamingCalls,
  removeQuietly,
  replaceWith,
  syncFolder,
  systemCalls,
  writeTemporary,
} from "./file-write.ts";

/** A store that is a folder: local, or mounted from a network. */
export class FileBackend implements Backend {
  readonly location: string;
  readonly #folder: StoreFolder;
  readonly #calls: NamingCalls;
  #hasLinks = true;

  constructor({ folder }: FileConfig, calls: NamingCalls = systemCalls) {
    this.#calls = calls;
    this.location = fileUrl(folder);
    this.#folder = new StoreFolder(folder);
  }

  get properties(): BackendProperties {
    // Between looking at a tag and renaming another writer may come, and there is no system call that does both.
    return { connections: 4, exclusiveCreate: this.#hasLinks, compareAndSwap: false, writable: true, ordered: true };
  }

  get copyPlace(): CopyPlace {
    return { server: "file", folder: this.#folder.path };
  }

  save(handle: Handle, body: Uint8Array, options: SaveOptions = {}): Promise<FileInfo> {
    return this.#put(handle, options, (path, mode) => writeTemporary(path, body, { ...options, mode }));
  }

  copyFrom({ folder }: CopyPlace, handle: Handle, options: SaveOptions = {}): Promise<FileInfo> {
    return this.#put(handle, options, (path, mode) => copyTemporary(join(folder, keyOf(handle)), path, mode));
  }

  /** `write` makes the finished file under a name of its own, which it hands back. */
  #put(
    handle: Handle,
    options: SaveOptions,
    write: (path: string, mode: number) => Promise<string>,
  ): Promise<FileInfo> {
    const key = keyOf(handle);
    return this.#explained("write", key, async () => {
      checkSignal(options.signal, key);
      const path = join(this.#folder.path, key);
      if (beginsStore(handle)) await this.#folder.create();
      await this.#folder.ensure(dirname(path));
      await this.#checkTag(path, key, options.ifMatch);
      const temporary = await write(path, await this.#folder.fileMode());
      if (!(await this.#publish(temporary, path, options.ifAbsent === true))) throw conflictError(key);
      await syncFolder(dirname(path));
      return infoOf(handle, await stat(path, { bigint: true }));
    });
  }

  load<T>(
    handle: Handle,
    range: ByteRange | undefined,
    use: (body: Body, info: FileInfo) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const key = keyOf(handle);
    const explain = (error: unknown) => this.#failed(error, "read", key);
    return this.#opened(key, signal, async (file) => {
      const info = await this.#explained("read", key, async () => infoOf(handle, await file.stat({ bigint: true })));
      return use(spanBody(file, spanOf(range, info.size, key), { key, signal, explain }), info);
    });
  }

  stat(handle: Handle, signal?: AbortSignal): Promise<FileInfo> {
    const key = keyOf(handle);
    return this.#explained("read", key, async () => {
      checkSignal(signal, key);
      return infoOf(handle, await stat(join(this.#folder.path, key), { bigint: true }));
    });
  }

  async *list(type: FileType, signal?: AbortSignal): AsyncGenerator<FileInfo> {
    try {
      this.#folder.forget();
      await this.#folder.check();
      const prefix = prefixOf(type);
      for await (const name of this.#names(type, signal)) {
        const handle = handleOf(type, prefix + name);
        // Removed between the two looks.
        const info = handle && (await this.stat(handle, signal).catch(ignoreMissing));
        if (info) yield info;
      }
    } catch (error) {
      throw this.#failed(error, "list", prefixOf(type));
    }
  }

  remove(handle: Handle, condition: { readonly ifMatch?: string } = {}): Promise<void> {
    const key = keyOf(handle);
    return this.#explained("remove", key, async () => {
      const path = join(this.#folder.path, key);
      await this.#checkTag(path, key, condition.ifMatch);
      await unlink(path);
      await syncFolder(dirname(path));
    }).catch((error) => {
      if (!isNotFoundError(error)) throw error;
    });
  }

  async createPlace(): Promise<MadePlace> {
    const isThere = await stat(this.#folder.path).then(
      (info) => info.isDirectory(),
      () => false,
    );
    if (!isThere) await this.#explained("write", "", () => this.#folder.create());
    return { made: !isThere, settings: [] };
  }

  isNotFound(error: unknown): boolean {
    return isNotFoundError(error);
  }

  isPermanent(error: unknown): boolean {
    return isPermanentError(error);
  }

  async close(): Promise<void> {}

  #names(type: FileType, signal: AbortSignal | undefined): AsyncIterable<string> | string[] {
    return type === "format" ? ["mlgit.json"] : walk(join(this.#folder.path, prefixOf(type)), signal);
  }

  /** False when the name is taken and was to be free. */
  async #publish(temporary: string, path: string, ifAbsent: boolean): Promise<boolean> {
    const linked = ifAbsent && this.#hasLinks ? await linkInto(temporary, path, this.#calls) : "unsupported";
    if (linked !== "unsupported") return linked === "created";
    // Weaker than a link, and `properties` says so from now on.
    if (ifAbsent) this.#hasLinks = false;
    const taken = ifAbsent && (await tagOf(path)) !== undefined;
    await (taken ? removeQuietly(temporary) : replaceWith(temporary, path, this.#calls));
    return !taken;
  }

  async #checkTag(path: string, key: string, ifMatch: string | undefined): Promise<void> {
    if (ifMatch !== undefined && (await tagOf(path)) !== ifMatch) throw conflictError(key);
  }

  async #opened<T>(key: string, signal: AbortSignal | undefined, work: (file: FileHandle) => Promise<T>): Promise<T> {
    const file = await this.#explained("read", key, () => {
      checkSignal(signal, key);
      return open(join(this.#folder.path, key), "r");
    });
    try {
      return await work(file);
    } finally {
      await file.close();
    }
  }

  #failed(error: unknown, doing: string, key: string): unknown {
    return fileError(error, { doing, key, folder: this.#folder.path });
  }

  /** Runs a system call with its errors explained; a missing object and a missing store are told apart. */
  async #explained<T>(doing: string, key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isAbsence(error, doing)) throw this.#failed(error, doing, key);
      this.#folder.forget();
      await this.#folder.check().catch((reason) => {
        throw this.#failed(reason, doing, key);
      });
      if (doing === "write") throw vanished(key, error);
      throw missingError(key, this.location, error);
    }
  }
}

function isAbsence(error: unknown, doing: string): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || (code === "ENOTDIR" && doing !== "write");
}

/** Somebody removed a folder between our making it and writing to it. */
function vanished(key: string, cause: unknown): BackendError {
  return new BackendError("unreachable", `the folder of ${key} was removed meanwhile`, {
    path: key,
    hint: "run the same command again",
    retryable: true,
    cause,
  });
}

function ignoreMissing(error: unknown): undefined {
  if (!isNotFoundError(error)) throw error;
}
