import limit from "p-limit";
import type { Backend, BackendProperties, ByteRange, FileInfo, MadePlace, SaveOptions } from "../backend.ts";
import { BackendError, checkSignal, isNotFoundError, isPermanentError } from "../backend-error.ts";
import { type FileType, type Handle, handleOf, keyOf, prefixOf } from "../handle.ts";
import type { AgentSettings } from "./azure-agent.ts";
import type { AzureApi } from "./azure-api.ts";
import type { AzureClient } from "./azure-client.ts";
import type { AzureConfig } from "./azure-config.ts";
import { download } from "./azure-download.ts";
import { upload } from "./azure-upload.ts";

const connections = 16;

/** Objects and blocks may be under way at once, so there are sockets for both. */
const defaults: AgentSettings = { sockets: 2 * connections, connectTimeout: 10_000, idleTimeout: 60_000 };

/** A store in a container of Azure's blob storage. Azure's library is loaded with the first request. */
export class AzureBackend implements Backend {
  readonly location: string;
  readonly properties: BackendProperties;
  readonly #config: AzureConfig;
  readonly #options: AgentSettings;
  readonly #blocks = limit(connections);
  #client: Promise<AzureClient> | undefined;
  #requests = 0;

  constructor(config: AzureConfig, options: Partial<AgentSettings> = {}) {
    const { container, prefix, account, endpoint } = config;
    const at = endpoint ?? (account && `account ${account}`);
    this.location = `azure://${container}/${prefix}${at ? ` at ${at}` : ""}`;
    const { exclusiveCreate, compareAndSwap } = config.guarantees ?? {};
    this.properties = { connections, writable: true, exclusiveCreate, compareAndSwap };
    this.#config = config;
    this.#options = { ...defaults, ...options };
  }

  get traffic(): { readonly requests: number } {
    return { requests: this.#requests };
  }

  async save(handle: Handle, body: Uint8Array, options: SaveOptions = {}): Promise<FileInfo> {
    const key = this.#key(handle);
    checkSignal(options.signal, key);
    const { api } = await this.#open();
    const { tag } = await upload({ api, blocks: this.#blocks }, key, body, options);
    return { handle, size: body.length, modified: 0, tag };
  }

  async load<T>(
    handle: Handle,
    range: ByteRange | undefined,
    use: (body: AsyncIterable<Uint8Array>, info: FileInfo) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const key = this.#key(handle);
    checkSignal(signal, key);
    return download({ ...(await this.#open()), key, handle, signal }, range, use);
  }

  async stat(handle: Handle, signal?: AbortSignal): Promise<FileInfo> {
    const key = this.#key(handle);
    checkSignal(signal, key);
    const { api } = await this.#open();
    return { handle, ...(await api.head(key, signal)) };
  }

  async *list(type: FileType, signal?: AbortSignal): AsyncGenerator<FileInfo> {
    const { api } = await this.#open();
    const prefix = this.#config.prefix + (type === "format" ? "mlgit.json" : prefixOf(type));
    let after: string | undefined;
    do {
      checkSignal(signal, prefix);
      const page = await api.list(prefix, { after, signal });
      for (const { key, ...info } of page.blobs) {
        checkSignal(signal, key);
        const handle = handleOf(type, key.slice(this.#config.prefix.length));
        if (handle) yield { handle, ...info };
      }
      after = page.next;
    } while (after !== undefined);
  }

  async remove(handle: Handle, { ifMatch }: { readonly ifMatch?: string } = {}): Promise<void> {
    const { api } = await this.#open();
    const key = this.#key(handle);
    try {
      await api.remove(key, ifMatch);
    } catch (error) {
      if (isNotFoundError(error)) return;
      // A condition is looked at before the object is.
      if ((error as BackendError).kind === "conflict" && (await isGone(api, key))) return;
      throw error;
    }
  }

  async createPlace({ versioned }: { readonly versioned: boolean }): Promise<MadePlace> {
    if (versioned) throw versioningElsewhere();
    return (await this.#open()).api.makeContainer();
  }

  isNotFound(error: unknown): boolean {
    return isNotFoundError(error);
  }

  isPermanent(error: unknown): boolean {
    return isPermanentError(error);
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    client?.api.close();
  }

  #key(handle: Handle): string {
    return this.#config.prefix + keyOf(handle);
  }

  #open(): Promise<AzureClient> {
    const onRequest = () => {
      this.#requests++;
    };
    this.#client ??= import("./azure-connect.ts").then(({ createAzureClient }) =>
      createAzureClient(this.#config, { ...this.#options, onRequest }),
    );
    return this.#client;
  }
}

async function isGone(api: AzureApi, key: string): Promise<boolean> {
  return api.head(key).then(() => false, isNotFoundError);
}

/** Nothing is made then: a container without what was asked for would pass for one that has it. */
function versioningElsewhere(): BackendError {
  return new BackendError(
    "unsupported",
    "Azure keeps old versions for a whole storage account, which mlgit does not change",
    {
      hint: "az storage account blob-service-properties update --account-name <account> --enable-versioning; then create it without --versioned",
    },
  );
}
