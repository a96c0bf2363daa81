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
  const name =
    question.wanted ??
    settings.defaultStore ??
    (settings.stores.size === 1 ? [...settings.stores.keys()][0] : undefined);
  if (name !== undefined) return named(settings, name);
  if (settings.stores.size > 1) throw ambiguous(settings);
  const url = question.remote && storeOfRemote(question.remote, question.top);
  if (url) return { name: question.remote?.name ?? "remote", url, source: "remote", trusted: true };
  throw none(question.remote);
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
  const names = [...settings.stores.keys()];
  return new MlgitError("setup", `there are several stores and none is the default: ${names.join(", ")}`, {
    hint: `git config mlgit.defaultStore ${names[0]}`,
  });
}

function none(remote: RemoteLocation | undefined): MlgitError {
  const what = remote
    ? `the remote ${remote.name ?? remote.url} keeps no data of mlgit's`
    : "there is no remote and no store";
  return new MlgitError("setup", `no store is known: ${what}`, {
    hint: "name one: git mlgit store add data s3://bucket/prefix (or file:///folder), and commit .mlgit/config.yaml",
  });
}
