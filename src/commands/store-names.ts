import type { StoreSettings } from "../config/settings.ts";
import { treeSettingsPath } from "../config/tree-settings.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import type { ConfigFile } from "../git/git-config.ts";
import type { Context } from "./command.ts";

export const storeName = { name: "<name>", description: "what the store is called" };

export const commitHint = `commit it, so that clones see it: git add ${treeSettingsPath} && git commit`;

/** @throws MlgitError kind `setup` for a name that no store has. */
export function findStore(stores: ReadonlyMap<string, StoreSettings>, name: string): StoreSettings {
  const store = stores.get(name);
  if (store) return store;
  throw new MlgitError("setup", `no store is called ${name} (known: ${[...stores.keys()].join(", ") || "none"})`, {
    hint: "git mlgit store list",
  });
}

/** This repository's own git configuration. */
export function localFile({ cwd }: Context): ConfigFile {
  return { scope: "local", cwd };
}
