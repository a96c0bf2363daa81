import { type RemoteLocation, storeOfRemote } from "./follow-remote.ts";
import { GitSettings } from "./git-settings.ts";
import { remotePlace } from "./remote-place.ts";
import { readSettings, type Settings, type StoreSettings } from "./settings.ts";
import type { TreeSettings } from "./tree-settings.ts";

/** What the user allowed once and for all by a command, as `trustMark` writes it: places that other repositories name. */
export const foreignTrustKey = "mlgit.foreignStore.trusted";

/**
 * The stores that another repository's tree names. Names mean nothing across repositories, places do: where a place is one of ours, it is reached as ours is; what
 * was trusted under any name is trusted. Everything else is that tree's word alone, with the risks that this has.
 */
export function foreignSettings(
  own: { readonly git: GitSettings; readonly settings: Settings },
  tree: TreeSettings | undefined,
  allowed: readonly string[] = [],
): Settings {
  const marks = [
    ...own.git.names("mlgit.store", "trusted").flatMap((name) => own.git.all(`mlgit.store.${name}.trusted`)),
    ...own.git.all(foreignTrustKey.toLowerCase()),
    ...allowed,
  ];
  const names = Object.keys(tree?.stores ?? {});
  const listing = names.flatMap((name) => marks.map((mark) => `mlgit.store.${name}.trusted\n${mark}\0`)).join("");
  const settings = readSettings(new GitSettings(listing), tree);
  const stores = [...settings.stores].map(([name, store]) => [name, ourWay(own.settings, store)] as const);
  return { ...settings, stores: new Map(stores) };
}

function ourWay({ stores }: Settings, foreign: StoreSettings): StoreSettings {
  const own = [...stores.values()].find(
    (one) =>
      one.url === foreign.url &&
      one.trusted &&
      one.startsProgram === undefined &&
      (foreign.endpointUrl === undefined || foreign.endpointUrl === one.endpointUrl),
  );
  if (!own) return foreign;
  const { mirrorOf: _, ...place } = own;
  return { ...place, name: foreign.name, ...(foreign.mirrorOf === undefined ? {} : { mirrorOf: foreign.mirrorOf }) };
}

/** The store that a repository which names none implies by its own place; undefined where it implies none. */
export function followedStore(git: GitSettings, remote: RemoteLocation, top: string): StoreSettings | undefined {
  const url = storeOfRemote(remote, top);
  if (url === undefined) return undefined;
  return { name: remote.name ?? "origin", url, source: "remote", trusted: true, ...remotePlace(git, remote.name, url) };
}
