import type { Readable } from "node:stream";
import type { MadePlace } from "../backend.ts";

/** The few requests of the S3 protocol that a store needs. Keys are whole keys; errors are BackendErrors. */
export interface S3Api {
  get(key: string, options: { readonly range?: string; readonly signal?: AbortSignal | undefined }): Promise<GotObject>;
  head(key: string, signal?: AbortSignal): Promise<ObjectInfo>;
  put(key: string, body: Uint8Array, options: PutOptions): Promise<Stored>;
  /** `source` is a bucket and a key with a slash between them, not encoded. */
  copy(key: string, source: string, signal?: AbortSignal): Promise<void>;
  /** One page of keys; `next` continues it. */
  list(prefix: string, options: ListOptions): Promise<ListPage>;
  remove(key: string, ifMatch?: string): Promise<void>;
  startUpload(key: string, signal?: AbortSignal): Promise<string>;
  sendPart(upload: Upload, part: Part): Promise<string>;
  /** The parts that arrived, by number; undefined when there is no such upload (any more). */
  listParts(upload: Upload): Promise<ReadonlyMap<number, ArrivedPart> | undefined>;
  finishUpload(upload: Upload, tags: readonly string[]): Promise<Stored>;
  abortUpload(upload: Upload): Promise<void>;
  makeBucket(options: { readonly versioned: boolean }): Promise<MadePlace>;
  close(): void;
}

export interface ObjectInfo {
  readonly size: number;
  /** Milliseconds since 1970; 0 where unknown. */
  readonly modified: number;
  /** The ETag without its quotes. */
  readonly tag: string | undefined;
}

export interface GotObject extends ObjectInfo {
  /** Bytes of the body that follows: the range's, while `size` is the whole object's. */
  readonly length: number;
  /** First byte of the body within the object. */
  readonly offset: number;
  readonly body: Readable;
}

export interface Stored {
  readonly tag: string | undefined;
}

export interface PutOptions {
  /** Base64, for Content-MD5: every server that was tried and that checks anything checks this. */
  readonly md5: string;
  readonly ifAbsent?: boolean | undefined;
  /** As it goes into the header, quoted or not. */
  readonly ifMatch?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ListOptions {
  readonly after?: string | undefined;
  readonly limit?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ListPage {
  readonly objects: readonly (ObjectInfo & { readonly key: string })[];
  readonly next: string | undefined;
}

export interface Upload {
  readonly key: string;
  readonly id: string;
  readonly signal?: AbortSignal | undefined;
}

export interface ArrivedPart {
  /** As it came, quoted or not. */
  readonly tag: string;
  readonly size: number;
}

export interface Part {
  /** From 1. */
  readonly number: number;
  readonly body: Uint8Array;
  readonly md5: string;
}
