import { MlgitError } from "../error/mlgit-error.ts";
import { type RemoteLocation, storeOfRemote } from "./follow-remote.ts";
import type { Settings, StoreSettings } from "./settings.ts";
import { trustMark } from "./settings.ts";

export interface StoreQuestion {
  /** A store's name the user gave, or the one the remote is configured with (`remote.<name>.mlgitstore`). */
  readonly wanted: string | undefined;
  readonly remote: RemoteLocation | undefined;
  /** Top of the worktree: relative remotes are relative to it. */
  readonly top: string;
}

/**
 * Which store holds the data of a remote: the one that was named; else the default or the only configured one; else the one the remote implies.
 * @throws MlgitError kind `setup` when there is none, with the command that names one.
 */
export function chooseStore(settings: Settings, question: StoreQuestion): StoreSettings {
  const name = question.wanted ?? settings.defaultStore ?? onlyStore(settings)?.name;
  if (name !== undefined) return named(settings, name);
  if (settings.stores.size > 0) throw ambiguous(settings);
  const url = question.remote && storeOfRemote(question.remote, question.top);
  if (url) return { name: question.remote?.name ?? "remote", url, source: "remote", trusted: true };
  throw none(question.remote);
}

/** The only store that is no copy of another. */
export function onlyStore({ stores }: Settings): StoreSettings | undefined {
  const own = [...stores.values()].filter(({ mirrorOf }) => mirrorOf === undefined);
  return own.length === 1 ? own[0] : undefined;
}

/** The copies of a store, in the order in which they are named. */
export function mirrorsOf({ stores }: Settings, { name, source }: StoreSettings): StoreSettings[] {
  if (source === "remote") return [];
  return [...stores.values()].filter(({ mirrorOf, name: own }) => mirrorOf === name && own !== name);
}

/**
 * The store that a spec's `manifest.storage` names: `store://<name>`, or the bucket, container or host of a store's URL. Undefined where
 * no store is there: then the data goes where all other data goes. `usual` wins where several are there.
 * @throws MlgitError kind `setup` for `store://` and a name that no store has.
 */
export function storeOfStorage(settings: Settings, storage: string, usual?: string): StoreSettings | undefined {
  const name = /^store:\/\/([^/]+)\/?$/i.exec(storage)?.[1];
  if (name !== undefined) return named(settings, name);
  const fitting = [...settings.stores.values()].filter(
    ({ url, mirrorOf }) => mirrorOf === undefined && placeIn(url) === placeIn(storage),
  );
  return fitting.find((store) => store.name === usual) ?? fitting[0];
}

/** ml-git's names of schemes end with an h. Of a folder it is all of its path. */
function placeIn(url: string): string {
  const [, scheme = "", authority = "", path = ""] = /^([a-z0-9+.-]+):\/\/([^/]*)(.*)$/i.exec(url) ?? [];
  const kind = scheme
    .toLowerCase()
    .replace(/^(s3|sftp|gdrive|azureblob)h$/, "$1")
    .replace("azureblob", "azure");
  return kind === "file" ? `${kind}:${path.replace(/\/+$/, "")}` : `${kind}:${authority}`;
}

/**
 * Refuses to speak to a place that only the tree names and that could learn or keep something.
 * @throws MlgitError kind `refused` with the command that allows it.
 */
export function assertContactAllowed(store: StoreSettings): void {
  assertMayStart(store);
  if (store.risk !== undefined) throw untrusted(store, store.risk);
}

/**
 * Refuses a place that would start a program because the tree says so, whatever the user trusts.
 * @throws MlgitError kind `refused` with the command that names it in git's configuration.
 */
export function assertMayStart({ name, url, startsProgram }: StoreSettings): void {
  if (!startsProgram) return;
  const quoted = `'${url.replaceAll("'", "'\\''")}'`;
  throw new MlgitError(
    "refused",
    `the store ${name} (${url}) is reached through the program rclone; only your own git configuration may name such a place, and this repository's files do`,
    { hint: `if you want it: git config mlgit.store.${name}.url ${quoted}` },
  );
}

/** @throws MlgitError kind `refused`: a folder that only the tree names is not made into a store without the user's word. */
export function assertCreationAllowed(store: StoreSettings): void {
  if (store.trusted || !/^(file|sftp):/i.test(store.url)) return;
  throw untrusted(store, "there is no store yet, and one would be made there");
}

function untrusted(store: StoreSettings, why: string): MlgitError {
  return new MlgitError(
    "refused",
    `the store ${store.name} (${trustMark(store)}) is named by this repository's files only, and ${why}`,
    {
      hint: `if that is right: git mlgit store trust ${store.name}`,
    },
  );
}

function named(settings: Settings, name: string): StoreSettings {
  const store = settings.stores.get(name);
  if (store) return store;
  const known = [...settings.stores.keys()].join(", ") || "none";
  throw new MlgitError("setup", `no store is called ${name} (known: ${known})`, {
    hint: `git mlgit store add ${name} <url>`,
  });
}

function ambiguous(settings: Settings): MlgitError {
  const own = [...settings.stores.values()].filter((one) => one.mirrorOf === undefined);
  const names = own.map((one) => one.name).join(", ");
  return new MlgitError("setup", `there are several stores and none is the default: ${names}`, {
    ...(own[0] ? { hint: chooseHint(own[0]) } : {}),
  });
}

/** How a store becomes the default one: for everybody where the tree names it, else here. */
export function chooseHint({ name, url, source }: StoreSettings): string {
  const here = `git config mlgit.defaultStore ${name}`;
  return source === "tree" ? `git mlgit store add ${name} ${url} --default (for everybody), or ${here} (here)` : here;
}

function none(remote: RemoteLocation | undefined): MlgitError {
  const what = remote
    ? `the remote ${remote.name ?? remote.url} keeps no data of mlgit's`
    : "there is no remote and no store";
  return new MlgitError("setup", `no store is known: ${what}`, {
    hint: "name one: git mlgit store add data s3://bucket/prefix (or file:///folder), and commit .mlgit/config.yaml",
  });
}
