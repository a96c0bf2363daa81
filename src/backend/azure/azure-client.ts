import type { Readable } from "node:stream";
import type { BlobItem, BlockBlobClient, ContainerClient } from "@azure/storage-blob";
import type { MadePlace } from "../backend.ts";
import { BackendError } from "../backend-error.ts";
import type { RangeAnswer } from "../body-reader.ts";
import type {
  AzureApi,
  BlobInfo,
  Block,
  Condition,
  GetOptions,
  ListOptions,
  ListPage,
  PutOptions,
  Stored,
} from "./azure-api.ts";
import { type AzurePlace, azureError, type Failed, notAzureError } from "./azure-error.ts";

/** What is open while a backend is used. */
export interface AzureClient {
  readonly api: AzureApi;
  readonly place: AzurePlace;
}

interface Parts {
  readonly client: ContainerClient;
  readonly place: AzurePlace;
  readonly onRequest: () => void;
  close(): void;
}

/** Joins Azure's library to what a store needs of it. */
export class SdkClient implements AzureApi {
  readonly #client: ContainerClient;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#client = parts.client;
    this.#parts = parts;
  }

  async get(key: string, { offset, count, ifMatch, signal }: GetOptions): Promise<RangeAnswer> {
    return this.#explained({ key, right: "read", signal }, async () => {
      const options = { ...condition({ ifMatch, signal }), maxRetryRequests: 0 };
      const answer = await this.#blob(key).download(offset, count, options);
      // Getters, which a spread would leave out.
      const { contentLength: length = 0, contentRange = "", etag, lastModified } = answer;
      const [, first = "0", size = String(length)] = /^bytes (\d+)-\d+\/(\d+)$/.exec(contentRange) ?? [];
      const info = infoOf({ contentLength: Number(size), etag, lastModified });
      return { ...info, offset: Number(first), length, body: answer.readableStreamBody as Readable };
    });
  }

  async head(key: string, signal?: AbortSignal): Promise<BlobInfo> {
    return this.#explained({ key, right: "read", signal }, async () => {
      const answer = await this.#blob(key).getProperties(condition({ signal }));
      return { ...infoOf(answer), ...this.#stored(key, answer) };
    });
  }

  async put(key: string, body: Uint8Array, { md5, ...rest }: PutOptions): Promise<Stored> {
    return this.#explained({ key, right: "create and write", signal: rest.signal }, async () => {
      const options = { ...condition(rest), transactionalContentMD5: md5 };
      return this.#stored(key, await this.#blob(key).upload(body, body.length, options));
    });
  }

  async list(prefix: string, { after, limit = 1000, signal }: ListOptions): Promise<ListPage> {
    return this.#explained({ key: prefix, right: "list", signal }, async () => {
      const options = { ...condition({ signal }), prefix, includeMetadata: true };
      const page = { maxPageSize: limit, ...(after && { continuationToken: after }) };
      const { value } = await this.#client.listBlobsFlat(options).byPage(page).next();
      if (value?.segment === undefined || value.containerName === undefined)
        throw notAzureError(prefix, this.#parts.place);
      const files: BlobItem[] = value.segment.blobItems.filter(isFile);
      const blobs = files.map(({ name, properties }) => ({ ...infoOf(properties), key: name }));
      const next = value.continuationToken || undefined;
      if (next !== undefined && next === after) throw cutShort(prefix);
      return { blobs, next };
    });
  }

  async remove(key: string, ifMatch?: string): Promise<void> {
    await this.#explained({ key, right: "delete" }, () => this.#blob(key).delete(condition({ ifMatch })));
  }

  async stage(key: string, { id, body, md5 }: Block, signal?: AbortSignal): Promise<void> {
    const options = { transactionalContentMD5: md5, ...(signal && { abortSignal: signal }) };
    await this.#explained({ key, right: "create and write", signal }, () =>
      this.#blob(key).stageBlock(id, body, body.length, options),
    );
  }

  async commit(key: string, ids: readonly string[], options: Condition): Promise<Stored> {
    return this.#explained({ key, right: "create and write", signal: options.signal }, async () =>
      this.#stored(key, await this.#blob(key).commitBlockList([...ids], condition(options))),
    );
  }

  /** Private: only who has credentials of the account sees it. */
  async makeContainer(): Promise<MadePlace> {
    const { container } = this.#parts.place;
    const { succeeded } = await this.#explained({ key: container }, () => this.#client.createIfNotExists());
    if (!succeeded) return { made: false, settings: [] };
    return {
      made: true,
      settings: ["nobody reads it without credentials", "Azure removes unfinished uploads after 7 days"],
    };
  }

  close(): void {
    this.#parts.close();
  }

  #blob(key: string): BlockBlobClient {
    return this.#client.getBlockBlobClient(key);
  }

  #stored(key: string, { etag }: { readonly etag?: string | undefined }): Stored {
    if (etag === undefined) throw notAzureError(key, this.#parts.place);
    return { tag: unquoted(etag) };
  }

  async #explained<T>(asked: Omit<Failed, "place">, work: () => Promise<T>): Promise<T> {
    this.#parts.onRequest();
    try {
      return await work();
    } catch (error) {
      throw azureError(error, { ...asked, place: this.#parts.place });
    }
  }
}

function condition({ ifAbsent, ifMatch, signal }: Condition) {
  const conditions = {
    ...(ifAbsent && { ifNoneMatch: "*" }),
    ...(ifMatch !== undefined && { ifMatch: `"${ifMatch}"` }),
  };
  return { conditions, ...(signal && { abortSignal: signal }) };
}

/** Whoever asks on would get the same page for ever. */
function cutShort(prefix: string): BackendError {
  const hint = "the endpoint, or a proxy before it, does not list as Azure does (List Blobs); use another one";
  const what = `the server lists only some of ${prefix || "the container"}, and does not say how to go on`;
  return new BackendError("unsupported", what, { path: prefix, hint });
}

/** Accounts with a hierarchical namespace list their folders too. */
function isFile({ metadata }: BlobItem): boolean {
  return metadata?.hdi_isfolder !== "true";
}

interface SdkInfo {
  readonly contentLength?: number | undefined;
  readonly lastModified?: Date | undefined;
  readonly etag?: string | undefined;
}

function infoOf({ contentLength = 0, lastModified, etag }: SdkInfo): BlobInfo {
  return { size: contentLength, modified: lastModified?.getTime() ?? 0, tag: etag && unquoted(etag) };
}

/** Headers have quotes, lists have none. */
function unquoted(tag: string): string {
  return tag.replace(/^"|"$/g, "");
}
