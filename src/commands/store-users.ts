import type { StoreSettings } from "../config/settings.ts";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import { defaultRemote, resolveRemote } from "../git/remote.ts";
import { remoteIdentity } from "../git/remote-identity.ts";
import { rememberNoted, wasNoted } from "../store/local/noted-users.ts";
import type { RemoteStore } from "../store/remote/remote-store.ts";
import { listUsers, putUser, removeUser } from "../store/remote/store-users.ts";
import type { Session } from "./session.ts";

/**
 * Notes in a store that a remote's refs will need what is there, before a push relies on it: a collection in another repository that uses the same store has to count them.
 * A store that lies in the remote itself needs no note.
 */
export async function noteUser(
  store: RemoteStore,
  { source }: StoreSettings,
  { session, remote }: { readonly session: Session; readonly remote: string | undefined },
): Promise<void> {
  if (source === "remote") return;
  const name = remote ?? (await defaultRemote(session.repository, session.git, "push"));
  if (name === undefined) return;
  const [, pushed = ""] = await identitiesOf(name, session);
  const { journal } = (await session.cacheToRead()).layout;
  const user = { store: store.marker.id, remote: pushed };
  if (wasNoted(journal, user)) return;
  try {
    await putUser(store.backend, user.remote);
    rememberNoted(journal, user);
  } catch (error) {
    // Whoever may not write there uploads nothing either.
    if (!isMlgitError(error) || error.kind !== "denied") throw error;
  }
}

/** The remotes that use a store and are none of those whose refs are known. */
export class StoreUsers {
  readonly #all: Set<string>;
  readonly #store: RemoteStore;
  readonly #session: Session;
  /** Notes that cannot be read. */
  readonly damaged: number;

  private constructor(users: readonly (string | undefined)[], store: RemoteStore, session: Session) {
    this.#store = store;
    this.#all = new Set(users.filter((user) => user !== undefined));
    this.damaged = users.filter((user) => user === undefined).length;
    this.#session = session;
  }

  static async of(store: RemoteStore, session: Session, signal: AbortSignal): Promise<StoreUsers> {
    return new StoreUsers(await listUsers(store.backend, signal), store, session);
  }

  get names(): readonly string[] {
    return [...this.#all].sort();
  }

  /** Whether a remote, by its name or its URL, is one of them. */
  async includes(remote: string): Promise<boolean> {
    const names = await identitiesOf(remote, this.#session);
    return names.some((name) => this.#all.has(name));
  }

  /** Takes the note of a remote back, which is given by its URL or as it is named there. @throws MlgitError kind `usage` when it is not noted */
  async forget(remote: string, { dryRun }: { readonly dryRun: boolean }): Promise<void> {
    const wanted = [remote, ...(await identitiesOf(remote, this.#session))];
    const found = this.names.filter((name) => wanted.includes(name));
    if (found.length === 0)
      throw new MlgitError("usage", `nothing in ${this.#store.backend.location} says that ${remote} uses it`, {
        hint: this.names.length === 0 ? "no remote is named there" : `named there: ${this.names.join(", ")}`,
      });
    for (const name of found) {
      if (!dryRun) await removeUser(this.#store.backend, name);
      this.#all.delete(name);
    }
  }

  /** Those that are none of these remotes. */
  async without(remotes: Iterable<string>): Promise<string[]> {
    const known = new Set<string>();
    for (const remote of remotes) for (const name of await identitiesOf(remote, this.#session)) known.add(name);
    return this.names.filter((name) => !known.has(name));
  }
}

/** What it is fetched from, and what it is pushed to. */
async function identitiesOf(remote: string, { repository, git }: Session): Promise<[string, string]> {
  const { fetchUrl, pushUrl } = await resolveRemote(repository, git, remote);
  const top = repository.workTree ?? repository.gitDir;
  return [remoteIdentity(fetchUrl, top), remoteIdentity(pushUrl, top)];
}
