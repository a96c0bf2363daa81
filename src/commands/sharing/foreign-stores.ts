import { assertContactAllowed, mirrorsOf, onlyStore } from "../../config/choose-store.ts";
import { followedStore, foreignSettings } from "../../config/foreign-stores.ts";
import { type StoreSettings, trustMark } from "../../config/settings.ts";
import { parseTreeSettings } from "../../config/tree-settings.ts";
import { isMlgitError, MlgitError } from "../../error/mlgit-error.ts";
import { cwdOf } from "../../git/repository.ts";
import { loadSettings } from "../load-settings.ts";
import type { Session } from "../session.ts";
import { findStore } from "../store-names.ts";

export interface ForeignPlace {
  /** As git uses it. */
  readonly url: string;
  /** A remote of ours that is that repository. */
  readonly remote?: string | undefined;
  /** The text of its `.mlgit/config.yaml`. */
  readonly config: string | undefined;
  /** One of our own stores that has its data, by the user's word. */
  readonly store?: string | undefined;
  /** Places that the user allows by this very command. */
  readonly allowed?: readonly string[];
}

/**
 * The stores that another repository's data may be in, the likeliest first. Nothing is contacted, and what only its files name is
 * in the list only where that is harmless or the user allowed it (invariant 9).
 * @throws MlgitError kind `refused` with what allows it, when there is no other; `setup` when no store is known at all.
 */
export async function foreignStores(session: Session, place: ForeignPlace): Promise<StoreSettings[]> {
  const own = await loadSettings(session.repository);
  const wanted =
    place.store ?? (place.remote === undefined ? undefined : own.git.get(`remote.${place.remote}.mlgitstore`));
  if (wanted !== undefined) return [findStore(own.settings.stores, wanted)];
  const tree = place.config === undefined ? undefined : await parseForeign(place);
  const settings = foreignSettings(own, tree, place.allowed);
  const all = [...settings.stores.values()];
  if (all.length === 0) {
    const followed = followedStore(own.git, { name: place.remote, url: place.url }, cwdOf(session.repository));
    if (followed) return [followed];
    throw new MlgitError("setup", `${place.url} does not say where its data is: it names no store`, {
      hint: "if one of yours has it: --store <name>; or ask its owners to name one with git mlgit store add",
    });
  }
  const first = settings.stores.get(settings.defaultStore ?? "") ?? onlyStore(settings) ?? all[0];
  const order = new Set([...(first ? [first, ...mirrorsOf(settings, first)] : []), ...all]);
  const usable = [...order].filter((store) => refusal(store) === undefined);
  if (usable.length > 0) return usable;
  throw untrusted(place.url, first as StoreSettings);
}

async function parseForeign({ url, config = "" }: ForeignPlace) {
  try {
    return await parseTreeSettings(config);
  } catch (error) {
    if (!isMlgitError(error)) throw error;
    throw new MlgitError("setup", `of ${url}: ${error.message}`, {
      hint: "its owners have to mend that file; or name a store of yours that has its data: --store <name>",
      cause: error,
    });
  }
}

function refusal(store: StoreSettings): MlgitError | undefined {
  try {
    assertContactAllowed(store);
    return undefined;
  } catch (error) {
    if (isMlgitError(error)) return error;
    throw error;
  }
}

function untrusted(url: string, store: StoreSettings): MlgitError {
  const cause = refusal(store);
  const mark = trustMark(store);
  const what = store.startsProgram ? "it is reached through the program rclone" : store.risk;
  return new MlgitError("refused", `the data of ${url} is in ${mark}; only its own files say so, and ${what}`, {
    hint: store.startsProgram
      ? `if you want it, name it yourself and say so: git mlgit store add --local theirs ${store.url}, then --store theirs`
      : `if that is right, run it again with --trust-store '${mark.replaceAll("'", "'\\''")}'`,
    cause,
  });
}
