import { AdaptiveLimit } from "../adaptive-limit.ts";
import type {
  Backend,
  BackendProperties,
  ByteRange,
  CopyPlace,
  FileBody,
  FileInfo,
  MadePlace,
  SaveOptions,
} from "../backend.ts";
import { type BackendError, checkSignal, conflictError, isNotFoundError, isPermanentError } from "../backend-error.ts";
import { type FileType, type Handle, handleOf, keyOf, prefixOf } from "../handle.ts";
import { absentOrDenied } from "./s3-absent.ts";
import type { ObjectInfo, S3Api } from "./s3-api.ts";
import { copyPlaceOf, placeOf, type S3Config } from "./s3-config.ts";
import type { S3ClientOptions } from "./s3-connect.ts";
import { download } from "./s3-download.ts";
import { EtagStyle } from "./s3-etag.ts";
import { abandonUpload } from "./s3-parts.ts";
import { upload } from "./s3-upload.ts";
import { uploadFile } from "./s3-upload-file.ts";

const connections = 16;
/** Bodies under way at once: where the search for the best number begins, and where it ends. */
const width = { start: 4, most: 32 };

export type S3Settings = Omit<S3ClientOptions, "onRequest">;

/** Objects and parts may be under way at once, so there are sockets for both. */
const defaults: S3Settings = { sockets: width.most + connections, connectTimeout: 10_000, idleTimeout: 60_000 };

/** A store in a bucket, by the S3 protocol. The SDK is loaded with the first request. */
export class S3Backend implements Backend {
  readonly location: string;
  readonly properties: BackendProperties;
  readonly copyPlace: CopyPlace;
  readonly #config: S3Config;
  readonly #options: S3Settings;
  readonly #etag = new EtagStyle();
  readonly #bodies = new AdaptiveLimit(width);
  #api: Promise<S3Api> | undefined;
  #bucketSeen = false;
  #requests = 0;

  constructor(config: S3Config, options: Partial<S3Settings> = {}) {
    const { bucket, prefix, endpoint } = config;
    this.location = `s3://${bucket}/${prefix}${endpoint ? ` at ${endpoint}` : ""}`;
    const { exclusiveCreate, compareAndSwap } = config.guarantees ?? {};
    this.properties = { connections, writable: true, exclusiveCreate, compareAndSwap, ordered: true };
    this.copyPlace = copyPlaceOf(config);
    this.#config = config;
    this.#options = { ...defaults, ...options };
  }

  get traffic(): { readonly requests: number } {
    return { requests: this.#requests };
  }

  async save(handle: Handle, body: Uint8Array, options: SaveOptions = {}): Promise<FileInfo> {
    const key = this.#key(handle);
    checkSignal(options.signal, key);
    const context = { api: await this.#open(), etag: this.#etag, bodies: this.#bodies };
    const { tag } = await upload(context, key, body, options);
    return { handle, size: body.length, modified: 0, tag };
  }

  async saveFile(handle: Handle, file: FileBody, options: SaveOptions = {}): Promise<FileInfo> {
    const key = this.#key(handle);
    checkSignal(options.signal, key);
    const context = { api: await this.#open(), etag: this.#etag, bodies: this.#bodies };
    const { tag } = await uploadFile(context, key, file, options);
    return { handle, size: file.size, modified: 0, tag };
  }

  async copyFrom(source: CopyPlace, handle: Handle, { signal }: SaveOptions = {}): Promise<FileInfo> {
    const key = this.#key(handle);
    checkSignal(signal, key);
    const api = await this.#open();
    await api.copy(key, source.folder + keyOf(handle), signal);
    return { handle, ...(await api.head(key, signal)) };
  }

  async load<T>(
    handle: Handle,
    range: ByteRange | undefined,
    use: (body: AsyncIterable<Uint8Array>, info: FileInfo) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const key = this.#key(handle);
    checkSignal(signal, key);
    const context = {
      api: await this.#open(),
      place: placeOf(this.#config),
      location: this.location,
      key,
      handle,
      signal,
    };
    const expected = range?.end === undefined ? 0 : range.end - range.start;
    return this.#bodies.run(expected, () => download(context, range, use));
  }

  async stat(handle: Handle, signal?: AbortSignal): Promise<FileInfo> {
    const key = this.#key(handle);
    checkSignal(signal, key);
    return { handle, ...(await this.#head(key, signal)) };
  }

  async *list(type: FileType, signal?: AbortSignal): AsyncGenerator<FileInfo> {
    const api = await this.#open();
    const prefix = this.#config.prefix + (type === "format" ? "mlgit.json" : prefixOf(type));
    let after: string | undefined;
    do {
      checkSignal(signal, prefix);
      const page = await api.list(prefix, { after, signal });
      for (const { key, ...info } of page.objects) {
        checkSignal(signal, key);
        const handle = handleOf(type, key.slice(this.#config.prefix.length));
        if (handle) yield { handle, ...info };
      }
      after = page.next;
    } while (after !== undefined);
  }

  /** Not every server checks a condition when it deletes, so the tag is looked at first. */
  async remove(handle: Handle, { ifMatch }: { readonly ifMatch?: string } = {}): Promise<void> {
    const key = this.#key(handle);
    const api = await this.#open();
    if (ifMatch === undefined) return api.remove(key);
    const found = await this.#head(key).catch(ignoreMissing);
    if (!found) return;
    if (found.tag !== ifMatch) throw conflictError(key);
    await api.remove(key, `"${ifMatch}"`).catch((error) => {
      if ((error as BackendError).kind !== "unsupported") throw error;
      return api.remove(key);
    });
  }

  async createPlace(options: { readonly versioned: boolean }): Promise<MadePlace> {
    return (await this.#open()).makeBucket(options);
  }

  async abandon(handle: Handle, state: string): Promise<void> {
    await abandonUpload(await this.#open(), this.#key(handle), state);
  }

  isNotFound(error: unknown): boolean {
    return isNotFoundError(error);
  }

  isPermanent(error: unknown): boolean {
    return isPermanentError(error);
  }

  async close(): Promise<void> {
    const api = await this.#api?.catch(() => undefined);
    api?.close();
  }

  #key(handle: Handle): string {
    return this.#config.prefix + keyOf(handle);
  }

  #open(): Promise<S3Api> {
    const onRequest = () => {
      this.#requests++;
    };
    this.#api ??= import("./s3-connect.ts").then(({ createS3Client }) =>
      createS3Client(this.#config, { ...this.#options, onRequest }),
    );
    return this.#api;
  }

  /** The answer to HEAD has no body: a missing bucket looks like a missing object until it was seen once, and a wrong key like a lack of rights. */
  async #head(key: string, signal?: AbortSignal): Promise<ObjectInfo> {
    const api = await this.#open();
    try {
      return await api.head(key, signal);
    } catch (error) {
      const mayBeOther = isNotFoundError(error) || (error as BackendError).kind === "denied";
      if (mayBeOther && !this.#bucketSeen) await api.list(key, { limit: 1, signal });
      this.#bucketSeen = true;
      throw await absentOrDenied({ api, key, location: this.location, signal }, error);
    }
  }
}

function ignoreMissing(error: unknown): undefined {
  if (!isNotFoundError(error)) throw error;
}
