import type { GitSettings } from "./git-settings.ts";
import type { StoreSettings } from "./store-settings.ts";

type Place = Pick<StoreSettings, "endpointUrl" | "region" | "profile" | "account" | "pathStyle">;

/**
 * How to reach the store that an `mlgit::<url>` remote is: `remote.<name>.mlgitEndpointUrl`, `…mlgitRegion`, `…mlgitProfile`, `…mlgitAccount`, `…mlgitPathStyle`, or else
 * what git's configuration (never the tree's) says of a store with the same URL.
 */
export function remotePlace(git: GitSettings, remote: string | undefined, url: string): Place {
  const store = git.names("mlgit.store", "url").find((name) => git.get(`mlgit.store.${name}.url`) === url);
  const own = placeAt(git, `remote.${remote}.mlgit`);
  return { ...(store === undefined ? {} : placeAt(git, `mlgit.store.${store}.`)), ...own };
}

function placeAt(git: GitSettings, keys: string): Place {
  const values = {
    endpointUrl: git.get(`${keys}endpointurl`),
    region: git.get(`${keys}region`),
    profile: git.get(`${keys}profile`),
    account: git.get(`${keys}account`),
    pathStyle: git.flag(`${keys}pathstyle`),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
