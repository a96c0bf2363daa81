import { call, having, type Place } from "./call.ts";

export interface NamedStore {
  readonly name: string;
  readonly url: string;
  /** Whether it is used where no other store is named. */
  readonly default: boolean;
  readonly mirrorOf?: string;
}

export interface AddStoreOptions {
  /** The server, for S3 that is not AWS. */
  readonly endpointUrl?: string;
  readonly region?: string;
  /** Name of the credentials' profile; kept in git's configuration only. */
  readonly profile?: string;
  readonly pathStyle?: boolean;
  readonly default?: boolean;
  readonly mirrorOf?: string;
  /** Keep it in this repository's git configuration instead of the tree. */
  readonly local?: boolean;
}

export interface SyncReport {
  readonly contents: number;
  readonly copied: number;
  readonly packs: number;
  readonly bytes: number;
  /** Oids that are damaged in the source. */
  readonly lost: readonly string[];
}

/** The places where data goes. */
export class Stores {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  async list(): Promise<readonly NamedStore[]> {
    const { stores } = await call(this.#place, (await import("../commands/store.ts")).list);
    return stores;
  }

  /** Names a store. Contacts nobody. */
  async add(
    name: string,
    url: string,
    options: AddStoreOptions = {},
  ): Promise<{ readonly name: string; readonly url: string }> {
    const { add } = await import("../commands/store-add.ts");
    return call(this.#place, add, { args: [name, url], options: { ...options } });
  }

  /** Makes the bucket or folder of a store. */
  async create(name: string, options: { readonly versioned?: boolean } = {}): Promise<{ readonly made: boolean }> {
    const { create } = await import("../commands/store-create.ts");
    return call(this.#place, create, { args: [name], options });
  }

  /** Copies what is missing from one store to the other, verified. */
  async sync(from: string, to: string, options: { readonly paranoid?: boolean } = {}): Promise<SyncReport> {
    const { sync } = await import("../commands/store-sync.ts");
    return having(await call(this.#place, sync, { args: [from, to], options }), "copied");
  }
}
