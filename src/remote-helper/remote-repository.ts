import type { Backend, Guarantees } from "../backend/backend.ts";
import { probeGuarantees } from "../backend/probe.ts";
import { onDisk } from "../error/disk-error.ts";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import type { ObjectFormat } from "../git/repository.ts";
import { createMarker, readMarker } from "../store/remote/marker.ts";
import { makeFolder } from "../util/durable.ts";
import { LastSeen, type Note } from "./last-seen.ts";
import { Mirror } from "./mirror.ts";
import { createRepositoryMarker, type RepositoryMarker, readRepositoryMarker } from "./repository-marker.ts";
import { restoreHint } from "./restore-hint.ts";
import { emptyRoot, keptTransactions, nextRoot, type Root } from "./root.ts";
import { type RootPlace, rootPlace, type Snapshot } from "./root-place.ts";

export interface RemoteOptions {
  readonly backend: Backend;
  /** The store's URL. */
  readonly url: string;
  /** Where mirrors lie on this machine. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  /** Told, for people, what is unexpected and yet no error. */
  readonly warn?: (text: string) => void;
}

/** A git repository in a store. */
export class RemoteRepository {
  readonly backend: Backend;
  readonly url: string;
  readonly signal: AbortSignal | undefined;
  readonly #folder: string;
  readonly lastSeen: LastSeen;
  readonly #warn: (text: string) => void;
  #place: RootPlace | undefined;

  constructor({ backend, url, folder, signal, warn }: RemoteOptions) {
    this.backend = backend;
    this.url = url;
    this.signal = signal;
    this.#folder = folder;
    const said = new Set<string>();
    this.#warn = (text) => {
      if (!said.has(text)) warn?.(text);
      said.add(text);
    };
    this.lastSeen = new LastSeen(folder, url);
  }

  /**
   * The root as it is now; undefined where no repository is. One or two requests once the repository is known on this machine.
   * @throws MlgitError kind `corrupt` when the root is lost or damaged, or the backend's.
   */
  async read(): Promise<Snapshot | undefined> {
    const hint = this.lastSeen.marker();
    if (hint) {
      const found = await this.#placeOf(hint).read();
      if (found?.root.repository === hint.repository) return this.#noticed(found, hint);
    }
    const marker = await readRepositoryMarker(this.backend);
    if (!marker) return undefined;
    if (hint && hint.repository !== marker.repository) this.#warn(this.#renewed("is a new one"));
    const found = await this.#use(marker).read();
    if (found && found.root.repository === marker.repository) return this.#noticed(found);
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

  /** Is it only that the store's own folder was not made yet? A folder that was there before may be a disk that is not mounted. */
  mayBegin(error: unknown): boolean {
    const isNoFolder = isMlgitError(error) && error.kind === "unreachable" && this.url.startsWith("file:");
    return isNoFolder && this.lastSeen.marker() === undefined;
  }

  /** @throws MlgitError kind `missing`. */
  async readExisting(): Promise<Snapshot> {
    const found = await this.read();
    if (found) return found;
    const hint = this.lastSeen.marker()
      ? "there was one: bring it back from a version of the bucket, or run `git mlgit remote fsck --fix` in a clone that is up to date"
      : `check the URL; a repository is made there by the first push: git push mlgit::${this.url}`;
    throw new MlgitError("missing", `there is no git repository in ${this.backend.location}`, { hint });
  }

  /** The marker, also of a repository whose root is lost. @throws MlgitError kind `missing` where none is. */
  async marker(): Promise<RepositoryMarker> {
    const marker = await readRepositoryMarker(this.backend);
    if (!marker) throw new MlgitError("missing", `there is no git repository in ${this.backend.location}`);
    this.#use(marker);
    return marker;
  }

  /** The marker, made anew in a place that was wiped. */
  async markerOrNew(objectFormat: ObjectFormat): Promise<RepositoryMarker> {
    if (!(await readRepositoryMarker(this.backend))) await this.#create(objectFormat);
    return this.marker();
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
    const options = {
      backend: this.backend,
      ...(this.signal ? { signal: this.signal } : {}),
      ...(onBytes ? { onBytes } : {}),
    };
    for (let current = snapshot, tries = 0; ; tries++) {
      const mirror = this.mirrorOf(current.root);
      try {
        await mirror.sync(current.root, options);
        return mirror;
      } catch (error) {
        if (!this.backend.isNotFound(error)) throw error;
        const newer = tries < 5 ? await this.readExisting() : current;
        if (newer.root.generation === current.root.generation) throw lostPack(error as Error);
        current = newer;
      }
    }
  }

  async #create(objectFormat: ObjectFormat): Promise<Snapshot> {
    const guarantees = await this.#guarantees();
    if (this.lastSeen.marker()) this.#warn(this.#renewed("is made anew"));
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
    this.lastSeen.noteMarker(marker);
    return this.#placeOf(marker);
  }

  #placeOf({ refs }: RepositoryMarker): RootPlace {
    const place = rootPlace(this.backend, refs);
    const replace = async (before: Snapshot | undefined, next: Root) => {
      const won = await place.replace(before, next);
      if (won) this.lastSeen.noteRoot(next);
      return won;
    };
    const rescue = async (make: (generation: number) => Root) => {
      let made: Root | undefined;
      const won = await place.rescue((generation) => (made = make(generation)));
      if (won && made) this.lastSeen.noteRoot(made);
      return won;
    };
    this.#place = { read: () => place.read(), rescue, replace };
    return this.#place;
  }

  /** A store that was put back to an older state, or somebody who hides what was pushed since. */
  #noticed(found: Snapshot, { generation: seen = 0, transaction }: Partial<Note> = {}): Snapshot {
    const { generation, transactions } = found.root;
    // It is as new or newer and should tell of what was seen, unless that is too long ago.
    const isNear = transaction !== undefined && generation >= seen && generation - seen < keptTransactions;
    if (isNear && !transactions.includes(transaction))
      this.#warn(
        `the repository in ${this.backend.location} is not what grew out of generation ${seen}, which was seen here last: it was put back and went on, or was restored. ` +
          `What was pushed before may be missing; the refs that were seen here last are in ${this.lastSeen.setAside()}`,
      );
    if (generation < seen)
      this.#warn(
        `the repository in ${this.backend.location} went back from generation ${seen} to ${generation}: what was pushed between them is not in it. ` +
          `Whoever has it can push it again; the refs that were seen here last are in ${this.lastSeen.setAside()}`,
      );
    this.lastSeen.noteRoot(found.root);
    return found;
  }

  #renewed(what: string): string {
    return (
      `the repository in ${this.backend.location} ${what}, not the one that this machine knew: the place was wiped. ` +
      "Bring it back from a version of the bucket, or push from clones what they have: git push <remote> --all, and --tags; " +
      `the refs that were seen here last are in ${this.lastSeen.setAside()}`
    );
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

function lostPack(error: Error): MlgitError {
  const what = `a pack that the repository lists is gone: ${error.message}`;
  return new MlgitError("missing", what, { hint: restoreHint, cause: error });
}
