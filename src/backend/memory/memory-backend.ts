import type { Backend, BackendProperties, ByteRange, FileInfo, SaveCondition, SaveOptions } from "../backend.ts";
import { checkSignal, conflictError, isNotFoundError, isPermanentError, missingError } from "../backend-error.ts";
import { type FileType, type Handle, keyOf } from "../handle.ts";
import { spanOf } from "../range.ts";

interface Entry {
  readonly body: Uint8Array;
  readonly info: FileInfo;
}

/** A store in this process's memory, with every guarantee: for tests of what stands above a backend. */
export class MemoryBackend implements Backend {
  readonly location = "memory:";
  readonly properties: BackendProperties = {
    connections: 16,
    exclusiveCreate: true,
    compareAndSwap: true,
    writable: true,
  };
  readonly #entries = new Map<string, Entry>();
  #writes = 0;

  async save(handle: Handle, body: Uint8Array, options: SaveOptions = {}): Promise<FileInfo> {
    const key = keyOf(handle);
    checkSignal(options.signal, key);
    this.#check(key, options);
    const info = { handle, size: body.length, modified: Date.now(), tag: String(++this.#writes) };
    this.#entries.set(key, { body: Uint8Array.from(body), info });
    options.onProgress?.(body.length);
    return info;
  }

  async load<T>(
    handle: Handle,
    range: ByteRange | undefined,
    use: (body: AsyncIterable<Uint8Array>, info: FileInfo) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const key = keyOf(handle);
    const { body, info } = this.#get(key, signal);
    const { start, end } = spanOf(range, body.length, key);
    return use(slices(body.slice(start, end), key, signal), info);
  }

  async stat(handle: Handle, signal?: AbortSignal): Promise<FileInfo> {
    return this.#get(keyOf(handle), signal).info;
  }

  async *list(type: FileType, signal?: AbortSignal): AsyncGenerator<FileInfo> {
    for (const { info } of [...this.#entries.values()]) {
      checkSignal(signal);
      if (info.handle.type === type) yield info;
    }
  }

  async remove(handle: Handle, condition: { readonly ifMatch?: string } = {}): Promise<void> {
    const key = keyOf(handle);
    if (this.#entries.has(key)) this.#check(key, condition);
    this.#entries.delete(key);
  }

  isNotFound(error: unknown): boolean {
    return isNotFoundError(error);
  }

  isPermanent(error: unknown): boolean {
    return isPermanentError(error);
  }

  async close(): Promise<void> {}

  #get(key: string, signal: AbortSignal | undefined): Entry {
    checkSignal(signal, key);
    const entry = this.#entries.get(key);
    if (!entry) throw missingError(key, this.location);
    return entry;
  }

  #check(key: string, { ifAbsent, ifMatch }: SaveCondition): void {
    const tag = this.#entries.get(key)?.info.tag;
    if ((ifAbsent && tag !== undefined) || (ifMatch !== undefined && tag !== ifMatch)) throw conflictError(key);
  }
}

async function* slices(body: Uint8Array, key: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += 1 << 20) {
    checkSignal(signal, key);
    yield body.subarray(at, at + (1 << 20));
  }
}
