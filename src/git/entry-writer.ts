import { writeEntries } from "./blob-pack.ts";
import { ByteList } from "./byte-list.ts";
import type { Repository } from "./repository.ts";

/** Objects of one pack: git looks for an object in every pack there is. */
const mostObjects = 65_536;

/** Gathers what `packEntry` made and gives it to git in packs, each object once in a pack. */
export class EntryWriter {
  readonly #repository: Repository;
  readonly #names = new Set<string>();
  #entries = new ByteList();

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  /** `name`: the object's, as bytes. Both are copied. */
  add(name: Buffer, entry: Uint8Array): void {
    const key = name.toString("latin1");
    if (this.#names.has(key)) return;
    this.#names.add(key);
    this.#entries.add(entry);
  }

  get isFull(): boolean {
    return this.#entries.length >= mostObjects;
  }

  /** Everything is in git's object database when it resolves. */
  async flush(): Promise<void> {
    const entries = this.#entries;
    this.#entries = new ByteList();
    this.#names.clear();
    await writeEntries(this.#repository, entries);
  }
}
