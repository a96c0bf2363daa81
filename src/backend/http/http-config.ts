import { MlgitError } from "../../error/mlgit-error.ts";
import type { BackendOptions } from "../backend.ts";
import { parseStoreUrl } from "../location.ts";

export interface HttpConfig {
  /** The address of the folder, with a trailing `/`. */
  readonly base: string;
}

/**
 * Reads `https://host/folder`.
 * @throws MlgitError kind `setup`.
 */
export function httpConfig({ url }: BackendOptions): HttpConfig {
  const { authority } = parseStoreUrl(url);
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const plain = parsed && parsed.username === "" && parsed.search === "" && parsed.hash === "";
  if (plain && authority !== "") return { base: parsed.href.replace(/\/*$/, "/") };
  throw new MlgitError("setup", `not the address of a published folder: ${url}`, {
    hint: "write it like https://host/folder, without user, ? and #",
  });
}
