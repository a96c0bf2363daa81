import { MlgitError } from "../../error/mlgit-error.ts";
import { wrongOption } from "../bucket-url.ts";
import { type AzureConfig, accountFrom } from "./azure-config.ts";
import {
  type AzureCredential,
  type ConnectionString,
  isAccountKey,
  parseConnectionString,
} from "./connection-string.ts";

/** Whose container, where, and by what right. */
export interface AzureLogin {
  readonly account: string;
  /** The account's blob service, without a `/` at its end. */
  readonly endpoint: string;
  readonly credential: AzureCredential;
  /** What was set and not used, for the hint of a login that fails. */
  readonly unused?: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Finds the account and its credentials, in the order of Azure's own tools: AZURE_STORAGE_CONNECTION_STRING, then AZURE_STORAGE_KEY, then AZURE_STORAGE_SAS_TOKEN,
 * each only where it is the account's that the store names, then the login chain. AZURE_STORAGE_AUTH_MODE=login goes straight to the last.
 * @throws MlgitError kind `setup` when no account is named, or a variable makes no sense. Their values are never shown.
 */
export function findLogin(config: AzureConfig, env: Env): AzureLogin {
  const text = env.AZURE_STORAGE_CONNECTION_STRING;
  const connection = text ? parseConnectionString(text) : undefined;
  const preset = accountFrom(env.AZURE_STORAGE_ACCOUNT || undefined);
  const account = config.account ?? accountAt(config.endpoint) ?? connection?.account ?? preset;
  if (account === undefined) throw noAccount(config);
  const fits = connection !== undefined && connection.account === account;
  const endpoint = config.endpoint ?? (fits ? connection.endpoint : undefined) ?? publicEndpoint(account);
  const credential = env.AZURE_STORAGE_AUTH_MODE === "login" ? undefined : fits ? connection.credential : undefined;
  if (credential) return { account, endpoint, credential };
  return { account, endpoint, ...ownCredential(account, env, { preset, connection }) };
}

interface Known {
  readonly preset: string | undefined;
  readonly connection: ConnectionString | undefined;
}

function ownCredential(
  account: string,
  env: Env,
  { preset, connection }: Known,
): Pick<AzureLogin, "credential" | "unused"> {
  const { AZURE_STORAGE_KEY: key, AZURE_STORAGE_SAS_TOKEN: sas } = env;
  const entra = { kind: "entra" } as const;
  if (env.AZURE_STORAGE_AUTH_MODE === "login") return { credential: entra };
  // They name no account themselves: they are that one's whose name stands beside them, or the store's.
  if (preset === undefined || preset === account) {
    if (key) return { credential: { kind: "key", key: keyFrom(key) } };
    if (sas) return { credential: { kind: "sas", token: sas.replace(/^\?/, "") } };
  }
  const other = connection?.account ?? (key || sas ? preset : undefined);
  if (other === undefined) return { credential: entra };
  return {
    credential: entra,
    unused: `what is set in the environment is for the account ${other}, the store is in ${account}`,
  };
}

function keyFrom(key: string): string {
  if (isAccountKey(key)) return key;
  throw new MlgitError("setup", "AZURE_STORAGE_KEY is not a storage account's key", {
    hint: "copy it whole: az storage account keys list --account-name <account>",
  });
}

function publicEndpoint(account: string): string {
  return `https://${account}.blob.core.windows.net`;
}

/** `https://account.blob.…`, or `http://host/account` as emulators have it; undefined for a host name of somebody's own. */
function accountAt(endpoint: string | undefined): string | undefined {
  if (endpoint === undefined) return undefined;
  const { hostname, pathname } = new URL(endpoint);
  const inPath = /^\/([a-z0-9]{3,24})$/.exec(pathname)?.[1];
  if (inPath === undefined && pathname !== "/")
    throw wrongOption(
      endpoint,
      "not an endpoint of Azure's blob service",
      "write it like https://account.blob.core.windows.net",
    );
  return inPath ?? /^([a-z0-9]{3,24})\.blob\./.exec(hostname)?.[1];
}

function noAccount({ url, endpoint }: AzureConfig): MlgitError {
  const which = endpoint === undefined ? "" : ` (${endpoint} does not say)`;
  return new MlgitError("setup", `in which storage account is ${url}?${which}`, {
    hint: "name it: git config mlgit.store.<name>.account <account>, or set AZURE_STORAGE_ACCOUNT or AZURE_STORAGE_CONNECTION_STRING",
  });
}
