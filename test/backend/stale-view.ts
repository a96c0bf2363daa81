import type { Backend, FileInfo } from "../../src/backend/backend.ts";
import { missingError } from "../../src/backend/backend-error.ts";
import { type FileType, type Handle, keyOf } from "../../src/backend/handle.ts";

const types: readonly FileType[] = ["format", "gc", "git", "index", "pack"];

/**
 * A place as a machine sees it whose file system remembers what it saw: names that others made are not there for it, names that others removed still are, until
 * `look` is called. What it writes goes to the place itself, and it sees that at once.
 */
export class StaleView {
  readonly backend: Backend;
  readonly #place: Backend;
  #seen = new Map<string, FileInfo>();

  constructor(place: Backend) {
    this.#place = place;
    const check = (handle: Handle) => {
      if (!this.#seen.has(keyOf(handle))) throw missingError(keyOf(handle), "what is remembered");
    };
    this.backend = {
      location: place.location,
      properties: place.properties,
      save: async (handle, body, options) => {
        const info = await place.save(handle, body, options);
        this.#seen.set(keyOf(handle), info);
        return info;
      },
      load: async (handle, range, use, signal) => {
        check(handle);
        return place.load(handle, range, use, signal);
      },
      stat: async (handle, signal) => {
        check(handle);
        return place.stat(handle, signal);
      },
      list: (type) => this.#list(type),
      remove: async (handle, condition) => {
        await place.remove(handle, condition);
        this.#seen.delete(keyOf(handle));
      },
      isNotFound: (error) => place.isNotFound(error),
      isPermanent: (error) => place.isPermanent(error),
      close: async () => {},
    };
  }

  /** Sees what there is of these types; of the others what it saw before. */
  async look(only: readonly FileType[] = types): Promise<void> {
    for (const type of only) {
      for (const [key, { handle }] of this.#seen) if (handle.type === type) this.#seen.delete(key);
      for await (const info of this.#place.list(type)) this.#seen.set(keyOf(info.handle), info);
    }
  }

  async *#list(type: FileType): AsyncGenerator<FileInfo> {
    const found = [...this.#seen.entries()].filter(([, { handle }]) => handle.type === type);
    yield* found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, info]) => info);
  }
}
