import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { BlobServiceClient } from "@azure/storage-blob";
import { describe } from "@jest/globals";
import { projectRoot } from "./build.ts";

export interface AzureServer {
  /** `http://127.0.0.1:<port>/<account>` */
  readonly endpoint: string;
  readonly account: string;
  /** Opens nothing but this server. */
  readonly key: string;
  /** What a process needs to use this server, and to see no other credentials. */
  readonly env: Readonly<Record<string, string>>;
  /** As its owner, for what a store does not do itself. */
  readonly service: BlobServiceClient;
  /** Makes an empty container; returns its name. */
  newContainer(): Promise<string>;
  stop(): Promise<void>;
}

const program = join(projectRoot, "node_modules/.azurite/node_modules/azurite/dist/src/blob/main.js");
const isInstalled = existsSync(program);

/** `describe` where Azurite is installed, else `describe.skip`; with MLGIT_REQUIRE_AZURITE=1 its absence is an error. */
export function describeWithAzure(title: string, define: () => void): void {
  if (!isInstalled && process.env.MLGIT_REQUIRE_AZURITE === "1")
    throw new Error(`Azurite is not installed: ${program}`);
  if (!isInstalled) console.warn("Azurite is not installed (test/server/azurite.sh); its tests are skipped");
  (isInstalled ? describe : describe.skip)(title, define);
}

export const hasAzurite = (): boolean => isInstalled;

/** Ends with the process that started it, however that ends: then its input does. */
const untilInputEnds = 'process.stdin.on("end", () => process.exit()).resume(); require(process.argv[1])';

/** Azurite on a port of loopback's, in memory, with an account of its own. With `tls`, files of a key and a certificate, it also takes tokens of a login. */
export async function startAzure(tls?: { readonly key: string; readonly cert: string }): Promise<AzureServer> {
  const account = "mlgittest";
  const key = randomBytes(32).toString("base64");
  const place = ["--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence", "--extentMemoryLimit", "2048"];
  // It is older than the library that the project uses.
  const flags = ["--silent", "--disableTelemetry", "--skipApiVersionCheck"];
  const secure = tls ? ["--cert", tls.cert, "--key", tls.key, "--oauth", "basic"] : [];
  const args = ["-e", untilInputEnds, program, ...place, ...flags, ...secure];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, AZURITE_ACCOUNTS: `${account}:${key}`, NODE_OPTIONS: "" },
    stdio: ["pipe", "pipe", "ignore"],
  });
  let said = "";
  const address = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const found = /successfully listens on (https?:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1];
      if (found) resolve(found);
    });
    child.once("close", () => reject(new Error(`Azurite: ${said}`)));
  });
  const endpoint = `${address}/${account}`;
  const connection = `DefaultEndpointsProtocol=${address.split(":")[0]};AccountName=${account};AccountKey=${key};BlobEndpoint=${endpoint};`;
  const service = BlobServiceClient.fromConnectionString(connection);
  return {
    endpoint,
    account,
    key,
    env: { AZURE_STORAGE_CONNECTION_STRING: connection },
    service,
    async newContainer() {
      const name = `test-${randomBytes(6).toString("hex")}`;
      await service.createContainer(name);
      return name;
    },
    async stop() {
      const ended = new Promise((resolve) => child.once("close", resolve));
      // Asked to end, it waits for connections that its clients keep open.
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Sets these variables and no other of Azure's for this process; returns what restores them. */
export function useAzureEnv(env: Readonly<Record<string, string>>): () => void {
  const own = () => Object.entries(process.env).filter(([name]) => name.startsWith("AZURE_"));
  const replaceBy = (values: Readonly<Record<string, string | undefined>>) => {
    for (const [name] of own()) delete process.env[name];
    Object.assign(process.env, values);
  };
  const before = Object.fromEntries(own());
  replaceBy(env);
  return () => replaceBy(before);
}
