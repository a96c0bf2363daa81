import { isMlgitError } from "../../error/mlgit-error.ts";
import type { Backend, BackendProperties, ByteRange, FileInfo, SaveOptions } from "../backend.ts";
import {
  BackendError,
  checkSignal,
  conflictError,
  interruptedError,
  isNotFoundError,
  isPermanentError,
  missingError,
} from "../backend-error.ts";
import { type FileType, type Handle, handleOf, keyOf, prefixOf, temporaryName } from "../handle.ts";
import { checkRange, type Span, spanOf } from "../range.ts";
import { WebReader } from "../web-read.ts";
import { RcloneApi } from "./rclone-api.ts";
import type { RcloneConfig } from "./rclone-config.ts";
import { acquireDaemon, releaseDaemon } from "./rclone-daemon.ts";
import { rcloneError } from "./rclone-error.ts";
import { type RcloneFeatures, type UploadPlace, upload } from "./rclone-upload.ts";

interface Item {
  readonly Path: string;
  readonly Size: number;
  readonly ModTime: string;
  readonly IsDir: boolean;
}

interface Opened extends UploadPlace {
  readonly reader: WebReader;
}

/** Unfinished uploads that are older belong to nobody any more. Milliseconds. */
const abandoned = 3 * 24 * 3_600_000;

/** Everything that the user's rclone can reach, through one long-lived process of it. */
export class RcloneBackend implements Backend {
  readonly location: string;
  /** rclone has no conditions: it looks first and writes later, and two writers may both find nothing. */
  readonly properties: BackendProperties = {
    connections: 8,
    exclusiveCreate: false,
    compareAndSwap: false,
    atomicReplace: false,
    writable: true,
  };
  readonly #config: RcloneConfig;
  #opened: Promise<Opened> | undefined;

  constructor(config: RcloneConfig) {
    this.#config = config;
    this.location = `rclone:${config.fs}`;
  }

  async save(handle: Handle, body: Uint8Array, options: SaveOptions = {}): Promise<FileInfo> {
    const key = keyOf(handle);
    const { signal, ifAbsent, ifMatch, onProgress } = options;
    checkSignal(signal, key);
    if (ifMatch !== undefined) throw this.#noSwap(key);
    const place = await this.#open(signal);
    if (ifAbsent && (await this.#find(handle, signal))) throw conflictError(key);
    await upload(place, key, { body, signal });
    onProgress?.(body.length);
    // Whoever stops now is too late.
    const info = await this.#find(handle);
    if (info?.size === body.length) return info;
    throw new BackendError("unreachable", `${this.location} does not show ${key} as it was written`, {
      path: key,
      hint: "run the same command again",
      retryable: true,
      maxRetries: 3,
    });
  }

  async load<T>(
    handle: Handle,
    range: ByteRange | undefined,
    use: (body: AsyncIterable<Uint8Array>, info: FileInfo) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const key = keyOf(handle);
    checkSignal(signal, key);
    if (range) checkRange(range, key);
    const { reader } = await this.#open(signal);
    if (!range) return reader.load(handle, undefined, use, signal);
    let isUsed = false;
    const noted: typeof use = (body, info) => {
      isUsed = true;
      return use(body, info);
    };
    // rclone answers nonsense to a suffix that is longer than the object, and to what begins at its end.
    const plain = range.start < 0 ? await this.#span(handle, range, signal) : range;
    try {
      return await reader.load(handle, plain, noted, signal);
    } catch (error) {
      if (isUsed || !isMlgitError(error) || error.kind === "interrupted") throw error;
      const { start, end } = await this.#span(handle, range, signal);
      if (start < end) throw error;
      return reader.load(handle, { start, end }, use, signal);
    }
  }

  async stat(handle: Handle, signal?: AbortSignal): Promise<FileInfo> {
    const key = keyOf(handle);
    checkSignal(signal, key);
    const found = await this.#find(handle, signal);
    if (found) return found;
    throw missingError(key, this.location);
  }

  async *list(type: FileType, signal?: AbortSignal): AsyncGenerator<FileInfo> {
    checkSignal(signal);
    if (type === "format") {
      const found = await this.#find({ type, name: "mlgit.json" }, signal);
      if (found) yield found;
      return;
    }
    for (const item of await this.#items(prefixOf(type).slice(0, -1), signal)) {
      checkSignal(signal);
      const handle = handleOf(type, item.Path);
      if (handle) yield infoOf(handle, item);
      else await this.#sweep(item);
    }
  }

  async remove(handle: Handle, condition: { readonly ifMatch?: string } = {}): Promise<void> {
    const key = keyOf(handle);
    if (condition.ifMatch !== undefined) throw this.#noSwap(key);
    await this.#delete(key);
  }

  isNotFound(error: unknown): boolean {
    return isNotFoundError(error);
  }

  isPermanent(error: unknown): boolean {
    return isPermanentError(error);
  }

  async close(): Promise<void> {
    if (!this.#opened) return;
    await this.#opened.catch(() => undefined);
    this.#opened = undefined;
    await releaseDaemon();
  }

  /** The first look at a remote may take long; whoever stops need not wait for it. */
  #open(signal?: AbortSignal): Promise<Opened> {
    this.#opened ??= this.#start();
    return signal ? unlessAborted(this.#opened, signal) : this.#opened;
  }

  async #start(): Promise<Opened> {
    const { fs, remote } = this.#config;
    const daemon = await acquireDaemon();
    const api = new RcloneApi(daemon, remote);
    const { Features: features } = await api.call<{ Features: RcloneFeatures }>("operations/fsinfo", {
      parameters: { fs },
      key: fs,
    });
    const base = `${daemon.url}/${encodeURIComponent(`[${fs}]`)}/`;
    const reader = new WebReader({
      location: this.location,
      headers: daemon.headers,
      url: (key) => base + key.split("/").map(encodeURIComponent).join("/"),
      explain: (status, text, key) => rcloneError(status, text, { key, remote }),
    });
    return { api, fs, features, reader, spool: daemon.spool };
  }

  /** @throws BackendError kind `corrupt` where the object ends before the range does. */
  async #span(handle: Handle, range: ByteRange, signal: AbortSignal | undefined): Promise<Span> {
    return spanOf(range, (await this.stat(handle, signal)).size, keyOf(handle));
  }

  async #find(handle: Handle, signal?: AbortSignal): Promise<FileInfo | undefined> {
    const { api, fs } = await this.#open(signal);
    const key = keyOf(handle);
    const parameters = { fs, remote: key, opt: { noMimeType: true } };
    const { item } = await api.call<{ item: Item | null }>("operations/stat", { parameters, key, signal });
    return item && !item.IsDir ? infoOf(handle, item) : undefined;
  }

  async #items(remote: string, signal: AbortSignal | undefined): Promise<readonly Item[]> {
    const { api, fs } = await this.#open(signal);
    const parameters = { fs, remote, opt: { recurse: true, filesOnly: true, noMimeType: true } };
    try {
      return (
        (await api.call<{ list: Item[] | null }>("operations/list", { parameters, key: remote, signal })).list ?? []
      );
    } catch (error) {
      // A folder that was never written to.
      if (isNotFoundError(error)) return [];
      throw error;
    }
  }

  async #sweep({ Path: path, ModTime: time }: Item): Promise<void> {
    if (!temporaryName.test(path.slice(path.lastIndexOf("/") + 1))) return;
    if (Date.parse(time) < Date.now() - abandoned) await this.#delete(path).catch(() => undefined);
  }

  async #delete(key: string): Promise<void> {
    const { api, fs } = await this.#open();
    await api.call("operations/deletefile", { parameters: { fs, remote: key }, key }).catch((error) => {
      if (!isNotFoundError(error)) throw error;
    });
  }

  #noSwap(key: string): BackendError {
    return new BackendError("unsupported", `${this.location} cannot replace ${key} only if nobody else did`, {
      path: key,
      hint: "rclone has no conditional writes; keep this in a store that has them (docs/backend/rclone.md)",
    });
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(interruptedError());
    signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function infoOf(handle: Handle, { Size: size, ModTime }: Item): FileInfo {
  const modified = Date.parse(ModTime);
  return { handle, size, modified: Number.isNaN(modified) ? 0 : modified, tag: undefined };
}
