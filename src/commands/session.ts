import { dirname, join } from "node:path";
import type { Backend } from "../backend/backend.ts";
import type { GitSettings } from "../config/git-settings.ts";
import { readSettings, type Settings, type StoreSettings } from "../config/settings.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import type { Repository } from "../git/repository.ts";
import { Cache } from "../store/local/cache.ts";
import type { RemoteStore } from "../store/remote/remote-store.ts";
import type { Context } from "./command.ts";
import { gitSettingsIn } from "./git-settings-in.ts";

/**
 * A repository with its settings, cache and stores: what most commands work on. Everything is opened when first used, since git starts
 * a filter or a hook many times a day.
 */
export class Session {
  readonly repository: Repository;
  readonly git: GitSettings;
  /** Of git's configuration alone: what the tree says concerns stores only and is read when one is opened. */
  readonly settings: Settings;
  readonly #context: Context;
  readonly #made: string[] = [];
  #cache: Promise<Cache> | undefined;

  private constructor(context: Context, repository: Repository, git: GitSettings) {
    this.#context = context;
    this.repository = repository;
    this.git = git;
    this.settings = readSettings(git, undefined);
  }

  /** @throws MlgitError kind `setup` outside of a repository or for settings that make no sense. */
  static async open(context: Context): Promise<Session> {
    const [repository, git] = await Promise.all([context.repository(), gitSettingsIn(context.cwd)]);
    return new Session(context, repository, git);
  }

  get cacheFolder(): string {
    return cacheFolderOf(this.repository, this.settings.cache);
  }

  /** Of two files of one size git tells by their times alone which is which. */
  get comparesTimesOnly(): boolean {
    return this.git.get("core.checkstat")?.toLowerCase() === "minimal";
  }

  async cache(): Promise<Cache> {
    const cache = await this.cacheToRead();
    await cache.readyToIngest();
    return cache;
  }

  /** The same one, for whoever puts nothing into it, or only after `readyToIngest`. */
  cacheToRead(): Promise<Cache> {
    this.#cache ??= Cache.openToRead(this.cacheFolder);
    return this.#cache;
  }

  /** Stores what is still in memory and lets go of open files. Call once at the end. */
  async close(): Promise<void> {
    await (await this.#cache)?.close();
  }

  /** The top of the worktree. @throws MlgitError kind `setup` in a bare repository. */
  get workTree(): Repository & { readonly workTree: string } {
    const { workTree } = this.repository;
    if (workTree !== undefined) return { ...this.repository, workTree };
    throw new MlgitError("setup", "this command needs a worktree, and the repository is bare", {
      hint: "run it in a clone",
    });
  }

  /** Which store belongs to a remote; to the default remote when none is named. */
  async storeSettings(remote: string | undefined, direction: "fetch" | "push"): Promise<StoreSettings> {
    const { loadSettings, resolveStore } = await import("./load-settings.ts");
    return resolveStore(this.repository, await loadSettings(this.repository), { remote, direction });
  }

  /** Opens the store to read from. @throws MlgitError kind `missing` where no store was made yet. */
  async openStore(remote?: string): Promise<RemoteStore> {
    return this.openStoreAt(await this.storeSettings(remote, "fetch"));
  }

  /** The store that others made in this very repository, whose remote it is. */
  async findOwnStore(): Promise<RemoteStore | undefined> {
    const { ownStore } = await import("../config/follow-remote.ts");
    const settings = ownStore(this.repository.commonDir);
    return settings && this.findStoreAt(settings);
  }

  /** The same for a store that is known. */
  async openStoreAt(settings: StoreSettings): Promise<RemoteStore> {
    const { store, backend } = await this.#openIfThere(settings);
    if (store) return store;
    await backend.close();
    // What a clone has lies in its cache, and what it pushes goes elsewhere.
    const isClone = settings.source === "remote" && settings.url.endsWith("/.git/mlgit-store");
    throw new MlgitError("missing", `nothing was pushed to the store ${backend.location} yet`, {
      hint: isClone
        ? "the remote is a clone itself: `git remote add <name> <url>` of the one that it pushes to, `git mlgit fetch <name>`, `git mlgit hydrate`"
        : "push from the clone that has the data, or name another store with `git mlgit store add`",
    });
  }

  /** The same, or undefined where no store was made yet. */
  async findStoreAt(settings: StoreSettings): Promise<RemoteStore | undefined> {
    const { store, backend } = await this.#openIfThere(settings);
    if (!store) await backend.close();
    return store;
  }

  async #openIfThere(settings: StoreSettings): Promise<{ store: RemoteStore | undefined; backend: Backend }> {
    const { assertContactAllowed, RemoteStore } = await storeParts();
    assertContactAllowed(settings);
    const backend = await this.#context.openBackend(settings);
    const store = await RemoteStore.open(backend, this.indexFolder, {
      ...this.#opening(settings),
    });
    return { store, backend };
  }

  /** Where stores were made by this command. */
  get madeStores(): readonly string[] {
    return this.#made;
  }

  /** Opens the store to push to, and makes it where there is none. */
  async openStoreToPush(remote?: string): Promise<RemoteStore> {
    return this.openStoreToPushAt(await this.storeSettings(remote, "push"));
  }

  /** The same for a store that is known. */
  async openStoreToPushAt(settings: StoreSettings): Promise<RemoteStore> {
    const { assertContactAllowed, assertCreationAllowed, RemoteStore } = await storeParts();
    assertContactAllowed(settings);
    const backend = await this.#context.openBackend(settings);
    const store = await RemoteStore.open(backend, this.indexFolder, {
      create: async (place) => {
        assertCreationAllowed(settings);
        this.#made.push(backend.location);
        const { exclusiveCreate = null, compareAndSwap = null } = place.properties;
        return { exclusiveCreate, compareAndSwap };
      },
      ...this.#opening(settings),
    });
    if (store) return store;
    throw new MlgitError("internal", `the store ${backend.location} could not be made`);
  }

  #opening({ source }: StoreSettings) {
    const { signal, warn } = this.#context;
    // A push would make it anew in silence, and nobody would look for what was pushed before.
    const onAnother = (location: string) =>
      warn(
        `the store that was at ${location} is not there any more; what is lost with it says git mlgit fsck --store, and with --fix it is sent again`,
      );
    return { signal, mayLackFolder: source === "remote", onAnother };
  }

  /** Where the copies of stores' indexes are. */
  get indexFolder(): string {
    return join(this.cacheFolder, "index");
  }
}

/** What speaks to stores; a checkout from the cache does not load it. */
async function storeParts() {
  const [choose, remote] = await Promise.all([
    import("../config/choose-store.ts"),
    import("../store/remote/remote-store.ts"),
  ]);
  return { ...choose, ...remote };
}

/**
 * `mlgit/` in a `.git`, where a store of those who push there is called otherwise. In any other git dir (of a bare repository, which may have worktrees, of a
 * submodule) `mlgit/` may be that store (config/follow-remote.ts), and a cache in it would take its packs for rubbish.
 */
export function cacheFolderOf(repository: Repository, configured: string | undefined): string {
  if (configured !== undefined) return absolute(configured, repository);
  return join(repository.commonDir, repository.commonDir.endsWith("/.git") ? "mlgit" : "mlgit-cache");
}

function absolute(path: string, repository: Repository): string {
  if (path.startsWith("~/")) return join(process.env.HOME ?? "", path.slice(2));
  return path.startsWith("/") ? path : join(repository.workTree ?? dirname(repository.gitDir), path);
}
