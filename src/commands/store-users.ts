import type { StoreSettings } from "../config/settings.ts";
import { isMlgitError, MlgitError, systemCode } from "../error/mlgit-error.ts";
import { defaultRemote, remoteUrls } from "../git/remote.ts";
import { remoteIdentity } from "../git/remote-identity.ts";
import { rememberNoted, wasNoted } from "../store/local/noted-users.ts";
import type { RemoteStore } from "../store/remote/remote-store.ts";
import { hasUser, listUsers, putUser, removeUser } from "../store/remote/store-users.ts";
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
  const { journal } = (await session.cacheToRead()).layout;
  const { pushed } = await placesOf(name, session);
  for (const { identity } of pushed) {
    const user = { store: store.marker.id, remote: identity };
    if (wasNoted(journal, user) || isOwn(identity, session)) continue;
    try {
      await putUser(store.backend, user.remote);
      rememberNoted(journal, user);
    } catch (error) {
      // One of before says the same.
      if (!isReadOnly(error) && !(await hasUser(store.backend, user.remote)))
        throw cannotNote(error, user.remote, store);
    }
  }
}

/** `git push .`: what refs of a clone alone need, its cache keeps. Nobody else could list them. */
function isOwn(identity: string, { repository }: Session): boolean {
  const { commonDir, workTree } = repository;
  return [commonDir, workTree ?? commonDir].some((path) => identity === remoteIdentity(path, commonDir));
}

/** The push does not go on: what is in the store already could be taken away from it, too. */
function cannotNote(error: unknown, remote: string, { backend }: RemoteStore): unknown {
  if (!isMlgitError(error) || error.kind === "interrupted") return error;
  const message = `cannot note in ${backend.location} that ${remote} uses it: ${error.message}`;
  const reason = "without the note a collection in another repository would delete what only this remote needs";
  return new MlgitError(error.kind, message, {
    hint: error.hint === undefined ? reason : `${error.hint}; ${reason}`,
    cause: error,
  });
}

/** Whoever cannot write there uploads nothing either: not allowed to, a web server, a disk that is mounted to be read. */
function isReadOnly(error: unknown): boolean {
  if (!isMlgitError(error)) return false;
  return ["denied", "unsupported"].includes(error.kind) || systemCode(error.cause) === "EROFS";
}

/** The remotes that use a store and are none of those whose refs are known. */
export class StoreUsers {
  readonly #all: Set<string>;
  readonly #forgotten: string[] = [];
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
    return (await identitiesOf(remote, this.#session)).some((name) => this.#all.has(name));
  }

  /**
   * What to list to know the refs of a remote: itself, and of other repositories that its pushes go to those that use the store. Others are often no
   * place at all, so that nobody pushes there.
   */
  async placesToList(remote: string): Promise<string[]> {
    const { fetched, pushed } = await placesOf(remote, this.#session);
    const others = pushed.filter(({ identity }) => identity !== fetched.identity && this.#all.has(identity));
    return [remote, ...others.map(({ url }) => url)];
  }

  /** Leaves out a remote, which is given by its URL or as it is named there; its note stays until `removeForgotten`. @throws MlgitError kind `usage` when it is not noted */
  async forget(remote: string): Promise<void> {
    const wanted = [remote, ...(await identitiesOf(remote, this.#session))];
    const found = this.names.filter((name) => wanted.includes(name));
    if (found.length === 0)
      throw new MlgitError("usage", `nothing in ${this.#store.backend.location} says that ${remote} uses it`, {
        hint: this.names.length === 0 ? "no remote is named there" : `named there: ${this.names.join(", ")}`,
      });
    for (const name of found) {
      this.#forgotten.push(name);
      this.#all.delete(name);
    }
  }

  /** Takes the notes of those back. */
  async removeForgotten(): Promise<void> {
    for (const name of this.#forgotten) await removeUser(this.#store.backend, name);
  }

  /** Those that are none of these remotes. */
  async without(remotes: Iterable<string>): Promise<string[]> {
    const known = new Set<string>();
    for (const remote of remotes) for (const name of await identitiesOf(remote, this.#session)) known.add(name);
    return this.names.filter((name) => !known.has(name));
  }
}

async function identitiesOf(remote: string, session: Session): Promise<string[]> {
  const { fetched, pushed } = await placesOf(remote, session);
  return [fetched, ...pushed].map(({ identity }) => identity);
}

interface RemotePlace {
  readonly url: string;
  readonly identity: string;
}

/** What it is fetched from, and what it is pushed to. */
async function placesOf(
  remote: string,
  { repository, git }: Session,
): Promise<{ fetched: RemotePlace; pushed: readonly RemotePlace[] }> {
  const { fetchUrl, pushUrls } = await remoteUrls(repository, git, remote);
  const top = repository.workTree ?? repository.gitDir;
  const placeAt = (url: string) => ({ url, identity: remoteIdentity(url, top) });
  return { fetched: placeAt(fetchUrl), pushed: pushUrls.map(placeAt) };
}
