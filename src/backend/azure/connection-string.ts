import { MlgitError } from "../../error/mlgit-error.ts";

export type AzureCredential =
  | { readonly kind: "key"; readonly key: string }
  /** Without its `?`. */
  | { readonly kind: "sas"; readonly token: string }
  /** Whatever the machine is logged in with: environment, workload or managed identity, Azure's command line tools. */
  | { readonly kind: "entra" }
  /** The emulator's account, which Azure's library knows. */
  | { readonly kind: "development" };

export interface ConnectionString {
  readonly account: string | undefined;
  /** Of the blob service, without a `/` at its end. */
  readonly endpoint: string;
  readonly credential: AzureCredential;
}

/** Azurite's and the older emulator's, as Azure documents it. */
const development: ConnectionString = {
  account: "devstoreaccount1",
  endpoint: "http://127.0.0.1:10000/devstoreaccount1",
  credential: { kind: "development" },
};

/**
 * Reads `Name=value;…` as https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string defines it.
 * @throws MlgitError kind `setup` that says what is missing and shows no part of it.
 */
export function parseConnectionString(text: string): ConnectionString {
  const parts = new Map(
    text.split(";").flatMap((part) => {
      const [, name, value] = /^\s*([A-Za-z]+)=(.*?)\s*$/s.exec(part) ?? [];
      return name === undefined || value === undefined ? [] : [[name.toLowerCase(), value] as const];
    }),
  );
  if (parts.get("usedevelopmentstorage") === "true") return development;
  const endpoint = endpointOf(parts);
  const account =
    parts.get("accountname") ??
    /^https?:\/\/(?:([a-z0-9]+)\.blob\.|[^/]+\/([a-z0-9]+)$)/.exec(endpoint)?.slice(1).find(Boolean);
  const [key, sas] = [parts.get("accountkey"), parts.get("sharedaccesssignature")];
  if (key && !isAccountKey(key)) throw unusable("its AccountKey is cut off");
  if (key) return { account, endpoint, credential: { kind: "key", key } };
  if (sas) return { account, endpoint, credential: { kind: "sas", token: sas.replace(/^\?/, "") } };
  throw unusable("it has neither AccountKey nor SharedAccessSignature");
}

/** Base64, as Azure hands keys out. */
export function isAccountKey(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]{4,}={0,2}$/.test(text);
}

function endpointOf(parts: ReadonlyMap<string, string>): string {
  const given = parts.get("blobendpoint")?.replace(/\/+$/, "");
  const name = parts.get("accountname");
  const scheme = (parts.get("defaultendpointsprotocol") ?? "https").toLowerCase();
  const suffix = parts.get("endpointsuffix") ?? "core.windows.net";
  const endpoint = given ?? (name === undefined ? undefined : `${scheme}://${name}.blob.${suffix}`);
  if (endpoint === undefined) throw unusable("it has neither AccountName nor BlobEndpoint");
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== "" || url.search !== "")
    throw unusable("its endpoint is no URL");
  return endpoint;
}

function unusable(why: string): MlgitError {
  return new MlgitError("setup", `AZURE_STORAGE_CONNECTION_STRING cannot be used: ${why}`, {
    hint: "copy it whole: az storage account show-connection-string --name <account>",
  });
}
