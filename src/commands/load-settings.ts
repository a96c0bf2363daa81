import { chooseStore } from "../config/choose-store.ts";
import { storeOfRemote } from "../config/follow-remote.ts";
import type { GitSettings } from "../config/git-settings.ts";
import { remotePlace } from "../config/remote-place.ts";
import { readSettings, type Settings, type StoreSettings } from "../config/settings.ts";
import { parseTreeSettings, type TreeSettings, treeSettingsPath } from "../config/tree-settings.ts";
import { defaultRemote, type Remote, resolveRemote } from "../git/remote.ts";
import { cwdOf, type Repository } from "../git/repository.ts";
import { readTreeFile } from "../git/tree-file.ts";
import { loadGitSettings } from "./git-settings-in.ts";

/** Settings in effect, and git's configuration that they were read from. */
export interface LoadedSettings {
  readonly settings: Settings;
  readonly git: GitSettings;
}

/**
 * Reads git's configuration and `.mlgit/config.yaml`.
 * @throws MlgitError kind `setup` or `refused` when one of them makes no sense.
 */
export async function loadSettings(repository: Repository): Promise<LoadedSettings> {
  const [git, tree] = await Promise.all([loadGitSettings(repository), loadTreeSettings(repository)]);
  return { git, settings: readSettings(git, tree) };
}

/** What `.mlgit/config.yaml` says, or undefined where there is none. @throws MlgitError as above. */
export async function loadTreeSettings(repository: Repository): Promise<TreeSettings | undefined> {
  const text = await readTreeFile(repository, treeSettingsPath);
  return text === undefined ? undefined : parseTreeSettings(text);
}

export interface StoreRequest {
  /** A store's name that the user gave. */
  readonly store?: string | undefined;
  /** A remote's name or URL; the one git would take if absent. */
  readonly remote?: string | undefined;
  /** Where git pushes to now, of several URLs of the remote. */
  readonly pushUrl?: string | undefined;
  readonly direction: "fetch" | "push";
}

/**
 * The store for a remote. Nothing is contacted, and whether it may be is asked with `assertContactAllowed`.
 * @throws MlgitError kind `setup` when there is none, with the command that names one.
 */
export async function resolveStore(
  repository: Repository,
  { settings, git }: LoadedSettings,
  request: StoreRequest,
): Promise<StoreSettings> {
  const name = request.remote ?? (await defaultRemote(repository, git, request.direction));
  const wanted = request.store ?? git.get(`remote.${name}.mlgitstore`);
  const top = cwdOf(repository);
  // A configured store needs no remote at all, not even one that exists.
  const follows = wanted === undefined && settings.defaultStore === undefined && settings.stores.size === 0;
  const known = follows && name !== undefined ? await resolveRemote(repository, git, name) : undefined;
  const remote = known && { ...known, pushUrl: request.pushUrl ?? known.pushUrl };
  const url = remote && followedUrl(remote, request.direction, top);
  const store = chooseStore(settings, {
    wanted,
    remote: remote && { name: remote.name, url: url ?? remote.pushUrl },
    top,
  });
  return store.source === "remote" ? { ...store, ...remotePlace(git, name, store.url) } : store;
}

/** Pushing and fetching must meet in one place, so a URL that implies none (https to read, ssh to write) gives way to the other. */
function followedUrl(remote: Remote, direction: "fetch" | "push", top: string): string | undefined {
  const urls = direction === "push" ? [remote.pushUrl, remote.fetchUrl] : [remote.fetchUrl, remote.pushUrl];
  return urls.find((url) => storeOfRemote({ name: remote.name, url }, top) !== undefined);
}
