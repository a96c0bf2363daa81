import { posix } from "node:path";
import type { Attributes } from "ssh2";
import type { Backend, BackendProperties, ByteRange, FileInfo, MadePlace, SaveOptions } from "../backend.ts";
import { BackendError, checkSignal, conflictError, isNotFoundError, isPermanentError } from "../backend-error.ts";
import { beginsStore, type FileType, type Handle, handleOf, keyOf, prefixOf, temporaryName } from "../handle.ts";
import { spanOf } from "../range.ts";
import type { SftpConfig } from "./sftp-config.ts";
import { connectSftp, type SftpSession } from "./sftp-connect.ts";
import { ofStore, sftpError } from "./sftp-error.ts";
import { SftpFiles, withoutExtension } from "./sftp-files.ts";
import { readSpan } from "./sftp-transfer.ts";

/** An upload writes all the time, so an unfinished file this old was left by one that was killed. */
const staleAfter = 3 * 24 * 3600 * 1000;

/** A folder behind ssh, over one connection. */
export class SftpBackend implements Backend {
  readonly location: string;
  readonly properties: BackendProperties;
  readonly #config: SftpConfig;
  readonly #known = new Set<string>();
  #session: Promise<SftpSession> | undefined;

  constructor(config: SftpConfig) {
    this.#config = config;
    this.location = config.url.replace(/\/+$/, "");
    this.properties = {
      connections: 8,
      exclusiveCreate: config.guarantees?.exclusiveCreate,
      // There is no request that looks at a file and replaces it.
      compareAndSwap: false,
      writable: true,
      ordered: true,
    };
  }

  save(handle: Handle, body: Uint8Array, options: SaveOptions = {}): Promise<FileInfo> {
    const key = keyOf(handle);
    if (options.ifMatch !== undefined) return Promise.reject(this.#noSwap(key));
    let isNamed = false;
    const work = async (files: SftpFiles) => {
      checkSignal(options.signal, key);
      const path = this.#path(key);
      await this.#ensureFolder(files, handle);
      const temporary = await files.writeTemporary(path, body, options);
      isNamed = true;
      try {
        if (options.ifAbsent !== true) await files.replace(temporary, path);
        else if ((await files.link(temporary, path)) === "exists") throw conflictError(key);
      } catch (error) {
        await files.unlink(temporary).catch(() => {});
        throw withoutExtension(error, key);
      }
      if (options.ifAbsent === true) await files.unlink(temporary).catch(() => {});
      return infoOf(handle, await files.stat(path));
    };
    return this.#explained("write", key, work, () => isNamed);
  }

  load<T>(
    handle: Handle,
    range: ByteRange | undefined,
    use: (body: AsyncIterable<Uint8Array>, info: FileInfo) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const key = keyOf(handle);
    let ofReader: { readonly error: unknown } | undefined;
    const work = async (files: SftpFiles) => {
      checkSignal(signal, key);
      const path = this.#path(key);
      return files.open(path, "r", async (file) => {
        const info = infoOf(handle, await files.statOpen(file));
        const span = spanOf(range, info.size, key);
        const body = this.#explainedBody(readSpan(files.line, file, span, { key, signal }), key);
        return use(body, info).catch((error) => {
          ofReader = { error };
          throw error;
        });
      });
    };
    return this.#explained("read", key, work).catch((error) => {
      throw ofReader ? ofReader.error : error;
    });
  }

  stat(handle: Handle, signal?: AbortSignal): Promise<FileInfo> {
    const key = keyOf(handle);
    return this.#explained("read", key, async (files) => {
      checkSignal(signal, key);
      return infoOf(handle, await files.stat(this.#path(key)));
    });
  }

  async *list(type: FileType, signal?: AbortSignal): AsyncGenerator<FileInfo> {
    const prefix = prefixOf(type);
    if (type === "format") {
      const handle: Handle = { type, name: "mlgit.json" };
      const found = await this.stat(handle, signal).catch(ignoreMissing);
      if (found) yield found;
      return;
    }
    yield* this.#walk(type, prefix, signal);
  }

  async remove(handle: Handle, condition: { readonly ifMatch?: string } = {}): Promise<void> {
    const key = keyOf(handle);
    if (condition.ifMatch !== undefined) throw this.#noSwap(key);
    await this.#explained("remove", key, (files) => files.unlink(this.#path(key)));
  }

  createPlace(): Promise<MadePlace> {
    const { folder } = this.#config;
    return this.#explained("make", folder, async (files) => {
      if (await files.find(folder)) return { made: false, settings: [] };
      await files.mkdir(folder);
      return { made: true, settings: [] };
    });
  }

  isNotFound(error: unknown): boolean {
    return isNotFoundError(error);
  }

  isPermanent(error: unknown): boolean {
    return isPermanentError(error);
  }

  async close(): Promise<void> {
    const session = await this.#session?.catch(() => undefined);
    this.#session = undefined;
    session?.end();
  }

  async *#walk(type: FileType, key: string, signal: AbortSignal | undefined): AsyncGenerator<FileInfo> {
    const entries = await this.#explained("list", key, (files) => files.entries(this.#path(key)));
    for (const { filename, attrs } of entries) {
      checkSignal(signal, key);
      if (attrs.isDirectory()) yield* this.#walk(type, `${key}${filename}/`, signal);
      else if (temporaryName.test(filename)) await this.#sweep(key + filename, attrs);
      else {
        const handle = handleOf(type, key + filename);
        if (handle) yield infoOf(handle, attrs);
      }
    }
  }

  async #sweep(key: string, { mtime }: Attributes): Promise<void> {
    if (Date.now() - mtime * 1000 < staleAfter) return;
    await this.#explained("remove", key, (files) => files.unlink(this.#path(key))).catch(() => {});
  }

  #path(key: string): string {
    return posix.join(this.#config.folder, key);
  }

  /** The store's own folder is made by its first object only, so that one that is gone is not taken for an empty one. */
  async #ensureFolder(files: SftpFiles, handle: Handle): Promise<void> {
    const { folder } = this.#config;
    if (beginsStore(handle)) await files.mkdir(folder);
    else if (!this.#known.has("") && (await files.find(folder)) === undefined)
      throw new BackendError("unreachable", `the store's folder does not exist: ${this.location}`, {
        path: folder,
        hint: "is the right disk mounted on the server? a new place is made by the first push, or with mkdir",
      });
    this.#known.add("");
    const parts = keyOf(handle).split("/").slice(0, -1);
    for (const [i] of parts.entries()) {
      const below = parts.slice(0, i + 1).join("/");
      if (this.#known.has(below)) continue;
      await files.mkdir(posix.join(folder, below));
      this.#known.add(below);
    }
  }

  /** Runs requests on the connection, with a new one where the last broke, and explains their errors. */
  async #explained<T>(
    doing: string,
    key: string,
    work: (files: SftpFiles) => Promise<T>,
    isAmbiguous: () => boolean = () => false,
  ): Promise<T> {
    const session = await this.#connect();
    try {
      return await work(new SftpFiles(session.line));
    } catch (error) {
      // Somebody may have removed a folder that we made.
      this.#known.clear();
      throw sftpError(error, { doing, key, location: this.location }, isAmbiguous());
    }
  }

  /** Errors of the line are told apart from those of who reads. */
  async *#explainedBody(body: AsyncIterable<Uint8Array>, key: string): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (error) {
      throw sftpError(error, { doing: "read", key, location: this.location });
    }
  }

  async #connect(): Promise<SftpSession> {
    const seen = this.#session;
    const session = await seen?.catch(() => undefined);
    if (session?.line.isOpen) return session;
    // Of several that find it broken the first one opens the next.
    if (this.#session === seen)
      this.#session = connectSftp(this.#config).catch((error) => {
        throw ofStore(error, this.location);
      });
    return this.#session as Promise<SftpSession>;
  }

  #noSwap(key: string): BackendError {
    return new BackendError("unsupported", `${this.location} cannot replace ${key} only if nobody else did`, {
      path: key,
      hint: "SFTP has no request for that; docs/backend/sftp.md says what follows",
    });
  }
}

function infoOf(handle: Handle, { size, mtime }: Attributes): FileInfo {
  return { handle, size, modified: mtime * 1000, tag: undefined };
}

function ignoreMissing(error: unknown): undefined {
  if (!isNotFoundError(error)) throw error;
}
