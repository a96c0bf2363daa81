import type { MadePlace } from "../backend.ts";
import type { RangeAnswer } from "../body-reader.ts";

/** The few requests of Azure's blob service that a store needs. Keys are whole names of blobs; errors are BackendErrors. */
export interface AzureApi {
  get(key: string, options: GetOptions): Promise<RangeAnswer>;
  head(key: string, signal?: AbortSignal): Promise<BlobInfo>;
  put(key: string, body: Uint8Array, options: PutOptions): Promise<Stored>;
  /** One page of names; `next` continues it. */
  list(prefix: string, options: ListOptions): Promise<ListPage>;
  remove(key: string, ifMatch?: string): Promise<void>;
  /** Sends a block that nobody sees before `commit` names it. Azure drops it after a week. */
  stage(key: string, block: Block, signal?: AbortSignal): Promise<void>;
  commit(key: string, ids: readonly string[], options: Condition): Promise<Stored>;
  makeContainer(): Promise<MadePlace>;
  close(): void;
}

export interface BlobInfo {
  readonly size: number;
  /** Milliseconds since 1970; 0 where unknown. */
  readonly modified: number;
  /** The ETag without its quotes. */
  readonly tag: string | undefined;
}

export interface Stored {
  readonly tag: string;
}

export interface GetOptions {
  readonly offset: number;
  /** Undefined: to the end. */
  readonly count: number | undefined;
  /** Only while it has this tag. */
  readonly ifMatch?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Condition {
  readonly ifAbsent?: boolean | undefined;
  readonly ifMatch?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PutOptions extends Condition {
  /** Of the body; the service refuses a body that has another one. */
  readonly md5: Uint8Array;
}

export interface Block {
  /** Base64, of the same length for all blocks of a blob. */
  readonly id: string;
  readonly body: Uint8Array;
  readonly md5: Uint8Array;
}

export interface ListOptions {
  readonly after?: string | undefined;
  readonly limit?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ListPage {
  readonly blobs: readonly (BlobInfo & { readonly key: string })[];
  readonly next: string | undefined;
}
