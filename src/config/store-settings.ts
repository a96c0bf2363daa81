import type { GitSettings } from "./git-settings.ts";
import type { TreeSettings, TreeStore } from "./tree-settings.ts";

/** A store as somebody named it. Nothing here is a secret. */
export interface StoreSettings {
  readonly name: string;
  readonly url: string;
  readonly endpointUrl?: string;
  readonly region?: string;
  readonly profile?: string;
  /** Azure: the storage account that the container is in. */
  readonly account?: string;
  readonly pathStyle?: boolean;
  /** Name of the store that this one is a copy of. */
  readonly mirrorOf?: string;
  /** A mirror that pushes leave out for now; `store sync` brings what it misses. Only git's configuration says so. */
  readonly paused?: boolean;
  /** Who named its URL: the user's git configuration, `.mlgit/config.yaml` of the tree, or the remote it follows. */
  readonly source: "git" | "tree" | "remote";
  /** The user said by a command that this very place may be used (invariant 9). Always so for `git` and `remote`. */
  readonly trusted: boolean;
  /** What speaking to it would give away on the word of the tree alone; undefined when nothing, or when it is trusted. */
  readonly risk?: string;
  /** It would start a program on the word of the tree alone, which no trust makes up for: only git's configuration may name such a place. */
  readonly startsProgram?: true;
}

/** What a user trusts is the place, not the name: the same text is stored when it is trusted and compared here. */
export function trustMark(store: Pick<StoreSettings, "url" | "endpointUrl" | "profile" | "account">): string {
  return [store.url, store.endpointUrl ?? "", store.profile ?? "", store.account ?? ""].join(" ").trimEnd();
}

/** Is the place reached through a program that is started, rclone? Google's buckets are unless an S3 endpoint is named. */
export function startsProgram({ url, endpointUrl }: Pick<StoreSettings, "url" | "endpointUrl">): boolean {
  return /^(rclone|gdriveh):/i.test(url) || (/^gs:/i.test(url) && endpointUrl === undefined);
}

/** The stores of the tree and of git's configuration, whose single keys (`mlgit.store.<name>.profile`) win. */
export function readStores(git: GitSettings, tree: TreeSettings | undefined): ReadonlyMap<string, StoreSettings> {
  const inTree = tree?.stores ?? {};
  const names = new Set([...Object.keys(inTree), ...git.names("mlgit.store", "url")]);
  return new Map([...names].map((name) => [name, joinStore(name, gitStore(git, name), { git, tree: inTree[name] })]));
}

function joinStore(
  name: string,
  own: Partial<TreeStore>,
  { git, tree }: { git: GitSettings; tree: TreeStore | undefined },
): StoreSettings {
  const place = { url: "", ...tree, ...own };
  // What the user did not set is the tree's word.
  const foreign = Object.fromEntries(Object.entries(tree ?? {}).filter(([key]) => !(key in own))) as Partial<TreeStore>;
  const isForbidden = foreign.url !== undefined && startsProgram(place);
  const trusted = !isForbidden && git.all(`mlgit.store.${name}.trusted`).includes(trustMark(place));
  const risk = trusted ? undefined : riskOf(foreign, place.url, isForbidden);
  const paused = git.flag(`mlgit.store.${name}.paused`) === true;
  const source = own.url === undefined ? "tree" : "git";
  return Object.freeze({
    name,
    ...place,
    source,
    trusted: trusted || (source === "git" && risk === undefined),
    ...(paused ? { paused } : {}),
    ...(risk === undefined ? {} : { risk }),
    ...(isForbidden ? { startsProgram: true as const } : {}),
  });
}

function gitStore(git: GitSettings, name: string): Partial<TreeStore> {
  const values = {
    url: git.get(`mlgit.store.${name}.url`),
    endpointUrl: git.get(`mlgit.store.${name}.endpointurl`),
    region: git.get(`mlgit.store.${name}.region`),
    profile: git.get(`mlgit.store.${name}.profile`),
    account: git.get(`mlgit.store.${name}.account`),
    pathStyle: git.flag(`mlgit.store.${name}.pathstyle`),
    mirrorOf: git.get(`mlgit.store.${name}.mirrorof`),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/**
 * `store`: what only the tree says of the place `url`. Loopback stays on this machine, but Azure's signatures are sent as they are; the provider's own
 * endpoints and folders are the provider's and the system's to protect.
 */
function riskOf(store: Partial<TreeStore>, url: string, isForbidden: boolean): string | undefined {
  if (isForbidden) return "the program rclone would be started with your remotes";
  const isAzure = /^azure(blobh)?:/i.test(url);
  if (store.endpointUrl !== undefined && (isAzure || !isLoopback(store.endpointUrl)))
    return `your credentials would be used at the endpoint ${store.endpointUrl}`;
  if (store.profile !== undefined) return `your credentials of the profile ${store.profile} would be used`;
  if (store.account !== undefined) return `your credentials would be used in the storage account ${store.account}`;
  if (/^sftph?:/i.test(store.url ?? "")) return "your ssh keys would be offered to its host";
  return undefined;
}

function isLoopback(endpoint: string): boolean {
  try {
    const { hostname } = new URL(endpoint);
    return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
  } catch {
    return false;
  }
}
