import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Backend, Guarantees } from "../backend/backend.ts";
import { probeGuarantees } from "../backend/probe.ts";
import { onDisk } from "../error/disk-error.ts";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import type { ObjectFormat } from "../git/repository.ts";
import { createMarker, readMarker } from "../store/remote/marker.ts";
import { makeFolder, writeDurable } from "../util/durable.ts";
import { Mirror } from "./mirror.ts";
import { createRepositoryMarker, type RepositoryMarker, readRepositoryMarker } from "./repository-marker.ts";
import { emptyRoot, nextRoot, type Root } from "./root.ts";
import { type RootPlace, rootPlace, type Snapshot } from "./root-place.ts";

export interface RemoteOptions {
  readonly backend: Backend;
  /** The store's URL. */
  readonly url: string;
  /** Where mirrors lie on this machine. */
  readonly folder: string;
  readonly signal?: AbortSignal;
}

/** A git repository in a store. */
export class RemoteRepository {
  readonly backend: Backend;
  readonly url: string;
  readonly signal: AbortSignal | undefined;
  readonly #folder: string;
  readonly #hintFile: string;
  #place: RootPlace | undefined;

  constructor({ backend, url, folder, signal }: RemoteOptions) {
    this.backend = backend;
    this.url = url;
    this.signal = signal;
    this.#folder = folder;
    this.#hintFile = join(folder, `${createHash("sha256").update(url).digest("hex").slice(0, 32)}.json`);
  }

  /**
   * The root as it is now; undefined where no repository is. One or two requests once the repository is known on this machine.
   * @throws MlgitError kind `corrupt` when the root is lost or damaged, or the backend's.
   */
  async read(): Promise<Snapshot | undefined> {
    const hint = this.#hint();
    if (hint) {
      const place = rootPlace(this.backend, hint.refs);
      const found = await place.read();
      this.#place = place;
      if (found?.root.repository === hint.repository) return found;
    }
    const marker = await readRepositoryMarker(this.backend);
    if (!marker) return undefined;
    const found = await this.#use(marker).read();
    if (found && found.root.repository === marker.repository) return found;
    if (found) throw this.#lost("is of another repository");
    if (await this.#hasPacks()) throw this.#lost("is gone");
    return undefined;
  }

  /** The same, and of a repository that is made where none is. `objectFormat` is the pusher's. */
  async readOrCreate(objectFormat: ObjectFormat): Promise<Snapshot> {
    const found = await this.read().catch((error) => {
      if (!this.mayBegin(error)) throw error;
      return undefined;
    });
    return found ?? this.#create(objectFormat);
  }

  /** Is it only that the store's own folder was not made yet? */
  mayBegin(error: unknown): boolean {
    return isMlgitError(error) && error.kind === "unreachable" && this.url.startsWith("file:");
  }

  /** @throws MlgitError kind `missing`. */
  async readExisting(): Promise<Snapshot> {
    const found = await this.read();
    if (found) return found;
    throw new MlgitError("missing", `there is no git repository in ${this.backend.location}`, {
      hint: `check the URL; a repository is made there by the first push: git push mlgit::${this.url}`,
    });
  }

  /** The marker, also of a repository whose root is lost. @throws MlgitError kind `missing` where none is. */
  async marker(): Promise<RepositoryMarker> {
    const marker = await readRepositoryMarker(this.backend);
    if (!marker) throw new MlgitError("missing", `there is no git repository in ${this.backend.location}`);
    this.#use(marker);
    return marker;
  }

  /** @throws MlgitError kind `internal` before anything was read. */
  get place(): RootPlace {
    if (this.#place) return this.#place;
    throw new MlgitError("internal", "a root is replaced before one was read");
  }

  /** The mirror as it is. */
  mirrorOf(root: Pick<Root, "repository" | "objectFormat">): Mirror {
    onDisk("make", this.#folder, () => makeFolder(this.#folder));
    return Mirror.open(this.#folder, this.url, root);
  }

  /** The mirror with everything of the root. When a pack was compacted away meanwhile, a newer root is taken. */
  async syncedMirror(snapshot: Snapshot, onBytes?: (bytes: number) => void): Promise<Mirror> {
    const mirror = this.mirrorOf(snapshot.root);
    const options = {
      backend: this.backend,
      ...(this.signal ? { signal: this.signal } : {}),
      ...(onBytes ? { onBytes } : {}),
    };
    for (let current = snapshot, tries = 0; ; tries++) {
      try {
        await mirror.sync(current.root, options);
        return mirror;
      } catch (error) {
        const newer = this.backend.isNotFound(error) && tries < 5 ? await this.readExisting() : undefined;
        if (!newer || newer.root.generation === current.root.generation) throw error;
        current = newer;
      }
    }
  }

  async #create(objectFormat: ObjectFormat): Promise<Snapshot> {
    const guarantees = await this.#guarantees();
    await createMarker(this.backend, guarantees);
    const marker = await createRepositoryMarker(this.backend, objectFormat, guarantees);
    const place = this.#use(marker);
    const first = nextRoot(emptyRoot(marker.repository, marker.objectFormat), "0".repeat(16), {});
    await place.replace(undefined, first);
    return this.readExisting();
  }

  async #guarantees(): Promise<Guarantees> {
    const marker = await readMarker(this.backend).catch((error) => {
      if (!this.mayBegin(error)) throw error;
      return undefined;
    });
    const { exclusiveCreate = null, compareAndSwap = null } = marker?.guarantees ?? {};
    if (exclusiveCreate !== null && compareAndSwap !== null) return { exclusiveCreate, compareAndSwap };
    // A folder that says what it keeps is only asked whether it has hard links.
    const known = this.backend.properties.exclusiveCreate !== undefined;
    return probeGuarantees(this.backend, known ? { rounds: 1, writers: 4 } : {});
  }

  #use(marker: RepositoryMarker): RootPlace {
    this.#place = rootPlace(this.backend, marker.refs);
    onDisk("write", this.#hintFile, () => {
      makeFolder(this.#folder);
      writeDurable(this.#hintFile, JSON.stringify(marker));
    });
    return this.#place;
  }

  #hint(): RepositoryMarker | undefined {
    try {
      const hint = JSON.parse(readFileSync(this.#hintFile, "utf8")) as RepositoryMarker;
      return hint.refs === "swap" || hint.refs === "log" ? hint : undefined;
    } catch {
      return undefined;
    }
  }

  async #hasPacks(): Promise<boolean> {
    for await (const { handle } of this.backend.list("git")) if (handle.name.startsWith("packs/")) return true;
    return false;
  }

  #lost(what: string): MlgitError {
    return new MlgitError("corrupt", `the root of the repository in ${this.backend.location} ${what}`, {
      path: "git/",
      hint: "bring it back from a version of the bucket, or run `git mlgit remote fsck --fix` in a clone that is up to date",
    });
  }
}
