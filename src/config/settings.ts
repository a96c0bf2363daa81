import { MlgitError } from "../error/mlgit-error.ts";
import type { GitSettings } from "./git-settings.ts";
import type { TreeSettings } from "./tree-settings.ts";

/** A store as somebody named it. Nothing here is a secret. */
export interface StoreSettings {
  readonly name: string;
  readonly url: string;
  readonly endpointUrl?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly pathStyle?: boolean;
  /** Who named it: the user's git configuration, `.mlgit/config.yaml` of the tree, or the remote it follows. */
  readonly source: "git" | "tree" | "remote";
  /** The user said by a command that this very place may be used (invariant 9). Always so for `git` and `remote`. */
  readonly trusted: boolean;
}

/** Everything that can be set, in effect. docs/man/git-mlgit.md lists the keys. */
export interface Settings {
  readonly stores: ReadonlyMap<string, StoreSettings>;
  readonly defaultStore: string | undefined;
  /** Folder of the cache; undefined for the one in the git dir. */
  readonly cache: string | undefined;
  /** gitignore-like patterns of paths to hydrate, and not to; empty for all. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly hydrate: "all" | "none";
  readonly keep: "all" | "unpushed";
  /** A path that cannot be hydrated makes the command fail. */
  readonly strictHydrate: boolean;
}

/** Joins git's configuration and the tree's; git's wins. @throws MlgitError kind `setup` for a value that makes no sense. */
export function readSettings(git: GitSettings, tree: TreeSettings | undefined): Settings {
  return {
    stores: readStores(git, tree),
    defaultStore: git.get("mlgit.defaultstore") ?? tree?.default,
    cache: git.get("mlgit.cache"),
    include: patterns(git, "mlgit.include"),
    exclude: patterns(git, "mlgit.exclude"),
    hydrate: oneOf(git, "mlgit.hydrate", ["all", "none"]),
    keep: oneOf(git, "mlgit.keep", ["all", "unpushed"]),
    strictHydrate: git.bool("mlgit.stricthydrate") ?? false,
  };
}

/** What a user trusts is the place, not the name: the same text is stored when it is trusted and compared here. */
export function trustMark(store: Pick<StoreSettings, "url" | "endpointUrl" | "profile">): string {
  return [store.url, store.endpointUrl ?? "", store.profile ?? ""].join(" ").trimEnd();
}

function readStores(git: GitSettings, tree: TreeSettings | undefined): Map<string, StoreSettings> {
  const stores = new Map<string, StoreSettings>();
  for (const [name, store] of Object.entries(tree?.stores ?? {})) {
    const trusted = git.all(`mlgit.store.${name}.trusted`).includes(trustMark(store));
    stores.set(name, { name, source: "tree", trusted, ...store });
  }
  for (const name of git.names("mlgit.store", "url")) {
    const url = git.get(`mlgit.store.${name}.url`) ?? "";
    const text = (key: string, variable: string) => {
      const value = git.get(`mlgit.store.${name}.${variable}`);
      return value === undefined ? {} : { [key]: value };
    };
    const pathStyle = git.bool(`mlgit.store.${name}.pathstyle`);
    stores.set(name, {
      name,
      url,
      ...text("endpointUrl", "endpointurl"),
      ...text("region", "region"),
      ...text("profile", "profile"),
      ...(pathStyle === undefined ? {} : { pathStyle }),
      source: "git",
      trusted: true,
    });
  }
  return stores;
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
