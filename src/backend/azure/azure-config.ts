import type { BackendOptions, Guarantees } from "../backend.ts";
import { endpointFrom, prefixFrom, wrongOption } from "../bucket-url.ts";
import { parseStoreUrl } from "../location.ts";
import { type StoreAdvice, storeAdvice } from "../store-advice.ts";

export interface AzureConfig {
  readonly url: string;
  readonly container: string;
  /** Empty, or ends with `/`. */
  readonly prefix: string;
  /** The storage account, where the configuration names one. */
  readonly account: string | undefined;
  /** Of the account's blob service, where it is not the public cloud's. */
  readonly endpoint: string | undefined;
  readonly guarantees: Guarantees | undefined;
  readonly advice: StoreAdvice;
}

/**
 * Reads `azure://container/prefix` and the options that go with it. Nothing is decoded: the prefix is written as the container has it.
 * @throws MlgitError kind `setup`.
 */
export function azureConfig(options: BackendOptions): AzureConfig {
  const { authority: container, path } = parseStoreUrl(options.url);
  // Azure's rules: 3 to 63 characters, and hyphens only between two others.
  if (!/^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/.test(container))
    throw wrongOption(
      options.url,
      `"${container}" is not a container's name`,
      "write it like azure://container/prefix",
    );
  if (options.profile)
    throw wrongOption(options.profile, "Azure has no profiles", "name the storage account with --account");
  return {
    url: options.url,
    container,
    prefix: prefixFrom(options.url, path),
    account: accountFrom(options.account),
    endpoint: endpointFrom(options.endpointUrl, "https://account.blob.core.windows.net"),
    guarantees: options.guarantees,
    advice: storeAdvice(options),
  };
}

/** An account becomes part of a host name, and may come from a file that a clone brings along. */
export function accountFrom(account: string | undefined): string | undefined {
  if (!account) return undefined;
  if (/^[a-z0-9]{3,24}$/.test(account)) return account;
  throw wrongOption(account, "not a storage account's name", "it has 3 to 24 lower-case letters and digits");
}
