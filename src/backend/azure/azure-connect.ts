import {
  AnonymousCredential,
  BlobServiceClient,
  ContainerClient,
  newPipeline,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { MlgitError } from "../../error/mlgit-error.ts";
import { type AgentSettings, watchfulAgent } from "./azure-agent.ts";
import { type AzureClient, SdkClient } from "./azure-client.ts";
import type { AzureConfig } from "./azure-config.ts";
import { azurePlace } from "./azure-error.ts";
import { type AzureLogin, findLogin } from "./azure-login.ts";

export interface AzureClientOptions extends AgentSettings {
  readonly onRequest: () => void;
}

/**
 * Makes the client of a container, with the credentials of the environment. Makes no request yet.
 * @throws MlgitError kind `setup`.
 */
export async function createAzureClient(config: AzureConfig, options: AzureClientOptions): Promise<AzureClient> {
  const login = findLogin(config, process.env);
  const { endpoint, credential } = login;
  const agent = watchfulAgent(endpoint, options);
  const settings = {
    agent,
    // Tried again by retry-policy.ts, for every backend alike.
    retryOptions: { maxTries: 1 },
  };
  const pipeline = newPipeline(await sdkCredential(login), settings);
  const token = credential.kind === "sas" ? `?${credential.token}` : "";
  const client = new ContainerClient(`${endpoint}/${config.container}${token}`, pipeline);
  const place = azurePlace(config, login);
  const api = new SdkClient({ client, place, close: () => agent.destroy(), onRequest: options.onRequest });
  return { api, place };
}

async function sdkCredential({
  account,
  endpoint,
  credential,
  unused,
}: AzureLogin): Promise<Parameters<typeof newPipeline>[0]> {
  switch (credential.kind) {
    case "key":
      return new StorageSharedKeyCredential(account, credential.key);
    case "development":
      return BlobServiceClient.fromConnectionString("UseDevelopmentStorage=true").credential;
    case "sas":
      return new AnonymousCredential();
    case "entra": {
      if (endpoint.startsWith("http:")) throw needsTls(endpoint);
      const { entraCredential } = await import("./azure-entra.ts");
      return entraCredential(account, unused);
    }
  }
}

/** A token is all that somebody on the way would need. */
function needsTls(endpoint: string): MlgitError {
  return new MlgitError("setup", `a login token is not sent over http: ${endpoint}`, {
    hint: "use https://, or set AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_KEY",
  });
}
