import type { Backend, BackendProperties, ByteRange, FileInfo } from "../backend.ts";
import { BackendError, checkSignal, isNotFoundError, isPermanentError } from "../backend-error.ts";
import { type FileType, type Handle, keyOf } from "../handle.ts";
import { listName, parseList } from "../object-list.ts";
import { statusError } from "../web-error.ts";
import { WebReader } from "../web-read.ts";
import { type WebPlace, webRequest } from "../web-request.ts";
import type { HttpConfig } from "./http-config.ts";

/** A published folder on any web server. It can be read, and what is there says a list that lies beside it. */
export class HttpBackend implements Backend {
  readonly location: string;
  readonly properties: BackendProperties = {
    connections: 8,
    exclusiveCreate: false,
    compareAndSwap: false,
    writable: false,
    ordered: true,
  };
  readonly #place: WebPlace;
  readonly #reader: WebReader;

  constructor({ base }: HttpConfig) {
    this.location = base.slice(0, -1);
    const url = (key: string) => base + key.split("/").map(encodeURIComponent).join("/");
    this.#place = { location: this.location, url };
    this.#reader = new WebReader(this.#place);
  }

  async save(handle: Handle): Promise<FileInfo> {
    throw this.#readOnly(keyOf(handle));
  }

  load<T>(
    handle: Handle,
    range: ByteRange | undefined,
    use: (body: AsyncIterable<Uint8Array>, info: FileInfo) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#reader.load(handle, range, use, signal);
  }

  stat(handle: Handle, signal?: AbortSignal): Promise<FileInfo> {
    return this.#reader.stat(handle, signal);
  }

  async *list(type: FileType, signal?: AbortSignal): AsyncGenerator<FileInfo> {
    for (const info of parseList(await this.#list(signal), type, this.location)) {
      checkSignal(signal);
      yield info;
    }
  }

  async remove(handle: Handle): Promise<void> {
    throw this.#readOnly(keyOf(handle));
  }

  isNotFound(error: unknown): boolean {
    return isNotFoundError(error);
  }

  isPermanent(error: unknown): boolean {
    return isPermanentError(error);
  }

  async close(): Promise<void> {}

  async #list(signal: AbortSignal | undefined): Promise<string> {
    // What a proxy keeps may be older than what was published.
    const headers = { "cache-control": "no-cache" };
    const answer = await webRequest(this.#place, listName, { method: "GET", headers, signal });
    try {
      if (answer.status === 404 || answer.status === 410) throw this.#notPublished();
      const { location } = this;
      const retryAfter = answer.header("retry-after");
      if (answer.status !== 200) throw statusError(answer.status, { key: listName, location, retryAfter });
      const parts: Uint8Array[] = [];
      for await (const part of answer.body) parts.push(part);
      return Buffer.concat(parts).toString("utf8");
    } finally {
      answer.end();
    }
  }

  #readOnly(key: string): BackendError {
    return new BackendError("unsupported", `${this.location} can only be read: a web server takes no data`, {
      path: key,
      hint: "push to another store (git mlgit store add, git config remote.<remote>.mlgitStore <name>), then publish from there: git mlgit publish --static <folder>",
    });
  }

  #notPublished(): BackendError {
    return new BackendError("unsupported", `${this.location} has no list of its objects (${listName})`, {
      path: listName,
      hint: "is the address right? whoever keeps the place writes the list with: git mlgit publish --static <folder>",
    });
  }
}
