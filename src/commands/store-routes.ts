import { assertContactAllowed, mirrorsOf, storeOfStorage } from "../config/choose-store.ts";
import { ownStore } from "../config/follow-remote.ts";
import type { StoreSettings } from "../config/settings.ts";
import { kinds } from "../entity/kind.ts";
import { parseSpec } from "../entity/spec.ts";
import { isMlgitError } from "../error/mlgit-error.ts";
import { gitIn, type Repository } from "../git/repository.ts";
import { ContentMap, type WantedContent } from "../transfer/content-map.ts";
import { type EntitySpec, indexSpecs, treeSpecs } from "./entity-specs.ts";
import { type LoadedSettings, loadSettings, resolveStore } from "./load-settings.ts";
import type { Session } from "./session.ts";

/** Contents that go to one store and to its mirrors. */
export interface Share {
  readonly store: StoreSettings;
  readonly mirrors: readonly StoreSettings[];
  readonly contents: ContentMap;
}

export interface PushTarget {
  readonly remote: string | undefined;
  /** Where git pushes to now, of several URLs of the remote; where it has one, that. */
  readonly pushUrl?: string | undefined;
  /** Commits whose entities say where their data goes, besides those of HEAD and the index. */
  readonly tips?: readonly string[];
}

/**
 * The stores to ask for data, in order: the one that the remote has, its mirrors, then all others that may be asked, since an entity may
 * have its data in any of them, and others may have pushed to this repository.
 * @throws MlgitError kind `setup` when there is none.
 */
export async function storesToRead(session: Session, remote: string | undefined): Promise<StoreSettings[]> {
  const loaded = await loadSettings(session.repository);
  const named = [...loaded.settings.stores.values()];
  let none: unknown;
  const first = await resolveStore(session.repository, loaded, { remote, direction: "fetch" }).catch((error) => {
    // Several without a default: a reader need not know which one.
    if (isMlgitError(error) && error.kind === "setup") none = error;
    else throw error;
  });
  const mirrors = first ? mirrorsOf(loaded.settings, first) : [];
  const known = new Set([first, ...mirrors].map((store) => store?.name));
  const others = named.filter((store) => !known.has(store.name));
  const published = named.length > 0 ? [] : await storesOfRegistries(session, loaded);
  const rest = [...mirrors, ...others, ...published.filter(({ url }) => url !== first?.url)];
  const own = ownStore(session.repository.commonDir);
  if (own && own.url !== first?.url) rest.push(own);
  const stores = [...(first ? [first] : []), ...rest.filter(mayContact)];
  if (stores.length === 0) throw none;
  return stores;
}

/** Where no store is named, the data of a version lies beside the repository that it was published in. */
async function storesOfRegistries({ repository }: Session, loaded: LoadedSettings): Promise<StoreSettings[]> {
  const remotes = kinds().filter(({ folder }) => loaded.git.get(`remote.${folder}.url`) !== undefined);
  const stores = await Promise.all(
    remotes.map(({ folder }) =>
      resolveStore(repository, loaded, { remote: folder, direction: "fetch" }).catch(() => undefined),
    ),
  );
  return stores.filter((store) => store !== undefined);
}

/** Which store each content goes to: the one that its entity's spec names, else the remote's. */
export async function sharesToPush(
  wanted: ReadonlyMap<string, WantedContent>,
  session: Session,
  { remote, pushUrl, tips = [] }: PushTarget,
): Promise<Share[]> {
  const loaded = await loadSettings(session.repository);
  const usual = () => resolveStore(session.repository, loaded, { remote, pushUrl, direction: "push" });
  const owners = await ownStores(loaded, session, { remote, tips });
  const shares = new Map<string, { store: StoreSettings; contents: ContentMap }>();
  if (owners.size === 0) {
    const store = await usual();
    shares.set(store.name, { store, contents: asContentMap(wanted) });
  }
  let preset: StoreSettings | undefined;
  for (const content of owners.size === 0 ? [] : wanted.values()) {
    let store = ownerOf(content.path, owners);
    if (!store) {
      preset ??= await usual();
      store = preset;
    }
    const share = shares.get(store.name) ?? { store, contents: new ContentMap() };
    share.contents.add(content);
    shares.set(store.name, share);
  }
  return [...shares.values()].map((share) => ({
    ...share,
    mirrors: mirrorsOf(loaded.settings, share.store).filter(({ paused }) => paused !== true),
  }));
}

function asContentMap(wanted: ReadonlyMap<string, WantedContent>): ContentMap {
  return wanted instanceof ContentMap ? wanted : ContentMap.of(wanted.values());
}

/** Throws on what concerns this machine or the user's wish to stop; everything else is the one store's affair. */
export function unlessFatal(error: unknown): void {
  if (!isMlgitError(error) || error.kind === "disk" || error.kind === "interrupted") throw error;
}

/** Of these contents, those that a store besides the remote's own names in its index. Stores that fail have nothing. */
export async function inOtherStores(
  oids: readonly string[],
  session: Session,
  { remote, signal }: { readonly remote: string | undefined; readonly signal: AbortSignal },
): Promise<Set<string>> {
  const found = new Set<string>();
  if (oids.length === 0) return found;
  const [, ...others] = await storesToRead(session, remote).catch(() => []);
  for (const settings of others) {
    const store = await session.findStoreAt(settings).catch(unlessFatal);
    if (!store) continue;
    await store.sync(signal).catch(unlessFatal);
    for (const oid of oids) if (store.has(oid)) found.add(oid);
    await store.close();
  }
  return found;
}

function mayContact(store: StoreSettings): boolean {
  try {
    assertContactAllowed(store);
    return true;
  } catch {
    return false;
  }
}

/** Entities' folders, with a slash at the end, and the stores that their specs name. */
async function ownStores(
  { settings, git }: LoadedSettings,
  { repository }: Session,
  { remote, tips = [] }: PushTarget,
): Promise<ReadonlyMap<string, StoreSettings>> {
  const owners = new Map<string, StoreSettings>();
  // A remote that the user gave a store of its own, such as a fork, has everything there.
  if (settings.stores.size < 2 || git.get(`remote.${remote}.mlgitstore`) !== undefined) return owners;
  const trees = (await Promise.all(["HEAD", ...tips].map((name) => treeOf(name, repository)))).flat();
  const specs: EntitySpec[] = repository.workTree === undefined ? [] : await indexSpecs(repository);
  for (const tree of trees) specs.push(...(await treeSpecs(repository, tree)));
  for (const { place, text } of specs) {
    const storage = parseSpec(text, place).spec?.storage;
    const store = storage === undefined ? undefined : storeOfStorage(settings, storage, settings.defaultStore);
    if (store) owners.set(`${place.folder}/`, store);
    else owners.delete(`${place.folder}/`);
  }
  return owners;
}

/** None for a tag of a blob, for a deleted ref's zeros, and before the first commit. */
async function treeOf(name: string, repository: Repository): Promise<string[]> {
  const args = ["rev-parse", "-q", "--verify", `${name}^{tree}`];
  const { code, stdout } = await gitIn(repository, args, { okCodes: [0, 1, 128] });
  return code === 0 ? [stdout.toString().trim()] : [];
}

function ownerOf(path: string, owners: ReadonlyMap<string, StoreSettings>): StoreSettings | undefined {
  if (owners.size === 0) return undefined;
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    const store = owners.get(path.slice(0, end + 1));
    if (store) return store;
  }
  return undefined;
}
