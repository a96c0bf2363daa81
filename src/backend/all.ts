import { azureConfig } from "./azure/azure-config.ts";
import type { Backend, BackendFactory, BackendOptions } from "./backend.ts";
import { fileConfig } from "./file/file-config.ts";
import { httpConfig } from "./http/http-config.ts";
import { parseStoreUrl, unknownScheme } from "./location.ts";
import { Patience } from "./patience.ts";
import { rcloneConfig } from "./rclone/rclone-config.ts";
import { s3Config } from "./s3/s3-config.ts";
import { sftpConfig } from "./sftp/sftp-config.ts";
import { withLimit } from "./wrap/limit.ts";
import { type Listeners as LogListeners, type Trace, withLog } from "./wrap/log.ts";
import { withRetry } from "./wrap/retry.ts";

const s3: BackendFactory = {
  schemes: ["s3", "s3h"],
  open: async (options) => new (await import("./s3/s3-backend.ts")).S3Backend(s3Config(options)),
};

/** Every kind of store. What reads a URL is small; the rest is loaded when one is opened. */
const factories: readonly BackendFactory[] = [
  {
    schemes: ["azure", "azureblobh"],
    open: async (options) => new (await import("./azure/azure-backend.ts")).AzureBackend(azureConfig(options)),
  },
  {
    schemes: ["file"],
    open: async (options) => new (await import("./file/file-backend.ts")).FileBackend(fileConfig(options)),
  },
  {
    schemes: ["http", "https"],
    open: async (options) => new (await import("./http/http-backend.ts")).HttpBackend(httpConfig(options)),
  },
  {
    schemes: ["rclone", "gdriveh", "gs"],
    open: async (options) => new (await import("./rclone/rclone-backend.ts")).RcloneBackend(rcloneConfig(options)),
  },
  s3,
  {
    schemes: ["sftp", "sftph"],
    asksPeople: true,
    open: async (options) => new (await import("./sftp/sftp-backend.ts")).SftpBackend(sftpConfig(options)),
  },
];

/** The schemes a store URL can have, without the colon. */
export const schemes: readonly string[] = factories.flatMap((factory) => factory.schemes);

/** Who hears of what a backend does. */
export interface Listeners {
  /** Of every operation. */
  readonly trace?: Trace | undefined;
  /** Of a place that keeps people waiting. */
  readonly say?: ((text: string) => void) | undefined;
}

/**
 * Opens the backend that a store URL names, with its wrappers. Makes no request yet.
 * @throws MlgitError kind `setup` for a URL or options that make no sense.
 */
export async function openBackend(options: BackendOptions, { trace, say }: Listeners = {}): Promise<Backend> {
  const { scheme } = parseStoreUrl(options.url);
  const factory = factoryOf(scheme, options);
  if (!factory) throw unknownScheme(options.url, schemes);
  const { NODE_EXTRA_CA_CERTS: extra, AWS_CA_BUNDLE: bundle } = process.env;
  // The second is what every other program for S3 reads.
  for (const file of [scheme !== "file" && extra, factory === s3 && bundle])
    if (file) (await import("./extra-ca.ts")).trustExtraCertificates(file);
  const backend = await factory.open(options);
  const { asksPeople = false } = factory;
  const patience = say && new Patience({ place: backend.location, say, asksPeople });
  return wrapBackend(backend, { trace, patience });
}

/** Google's bucket speaks S3 where the user names its endpoint. */
function factoryOf(scheme: string, { endpointUrl }: BackendOptions): BackendFactory | undefined {
  if (scheme === "gs" && endpointUrl !== undefined) return s3;
  return factories.find((one) => one.schemes.includes(scheme));
}

/** What every backend gets around it. Each try waits for its turn and is counted; nobody holds a turn while waiting to try again. */
export function wrapBackend(backend: Backend, listeners: LogListeners = {}): Backend {
  const { trace, patience } = listeners;
  return withRetry(withLimit(withLog(backend, listeners)), {
    onRetry: (error, attempt, delay) => {
      patience?.failed(error);
      trace?.(`try ${attempt} failed, again in ${Math.round(delay)} ms: ${(error as Error).message}`);
    },
  });
}
