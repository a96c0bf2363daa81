import { MlgitError } from "../error/mlgit-error.ts";
import type { GitSettings } from "./git-settings.ts";
import { readStores, type StoreSettings } from "./store-settings.ts";
import type { TreeSettings } from "./tree-settings.ts";

export { type StoreSettings, startsProgram, trustMark } from "./store-settings.ts";

/** Everything that can be set, in effect. docs/man/git-mlgit.md lists the keys. */
export interface Settings {
  readonly stores: ReadonlyMap<string, StoreSettings>;
  readonly defaultStore: string | undefined;
  /** Names of the stores that `.mlgit/config.yaml` has, overridden or not. */
  readonly treeStores: readonly string[];
  /** Folder of the cache; undefined for the one in the git dir. */
  readonly cache: string | undefined;
  /** gitignore-like patterns of paths to hydrate, and not to; empty for all. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly hydrate: "all" | "none";
  readonly keep: "all" | "unpushed";
  /** A path that cannot be hydrated makes the command fail. */
  readonly strictHydrate: boolean;
  /** A push may go on without contents that are to be had nowhere. */
  readonly allowIncompletePush: boolean;
  /** Hooks are installed where they are missing; false after `git mlgit install --skip-hooks`. */
  readonly hooks: boolean;
  /** Transfers at a time; undefined for what the store can take. */
  readonly concurrency: number | undefined;
}

/** Joins git's configuration and the tree's; git's wins. @throws MlgitError kind `setup` for a value that makes no sense. */
export function readSettings(git: GitSettings, tree: TreeSettings | undefined): Settings {
  return Object.freeze({
    stores: readStores(git, tree),
    defaultStore: git.get("mlgit.defaultstore") ?? tree?.default,
    treeStores: Object.keys(tree?.stores ?? {}),
    cache: git.get("mlgit.cache"),
    include: patterns(git, "mlgit.include"),
    exclude: patterns(git, "mlgit.exclude"),
    hydrate: oneOf(git, "mlgit.hydrate", ["all", "none"]),
    keep: oneOf(git, "mlgit.keep", ["all", "unpushed"]),
    strictHydrate: git.flag("mlgit.stricthydrate") ?? false,
    allowIncompletePush: git.flag("mlgit.allowincompletepush") ?? false,
    hooks: git.flag("mlgit.hooks") ?? true,
    concurrency: count(git, "mlgit.concurrency"),
  });
}

/** Several values, or one with commas, as git-lfs's fetchinclude. */
function patterns(git: GitSettings, key: string): string[] {
  return git
    .all(key)
    .flatMap((value) => value.split(","))
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== "");
}

function oneOf<T extends string>(git: GitSettings, key: string, values: readonly [T, ...T[]]): T {
  const value = git.get(key);
  if (value === undefined) return values[0];
  const found = values.find((one) => one === value.toLowerCase());
  if (found) return found;
  throw new MlgitError("setup", `git config ${key} is ${JSON.stringify(value)}; it can be ${values.join(" or ")}`, {
    hint: `git config ${key} ${values[0]}`,
  });
}

function count(git: GitSettings, key: string): number | undefined {
  const value = git.get(key);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= 1024) return number;
  throw new MlgitError("setup", `git config ${key} is ${JSON.stringify(value)}; it can be 1 to 1024`, {
    hint: `git config --unset ${key}`,
  });
}
