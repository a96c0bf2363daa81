import type { FileType, Handle } from "./handle.ts";

export interface FileInfo {
  readonly handle: Handle;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970, by the server's clock; 0 where unknown. */
  readonly modified: number;
  /** Opaque token for `condition.ifMatch`; undefined where the place has no versions. */
  readonly tag: string | undefined;
}

/** Half open: bytes `start` ≤ i < `end`. A negative start counts from the end and has no `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

/** What a place guarantees. Differences between stores are data, never type tests. */
export interface BackendProperties {
  /** Requests that pay off in parallel. */
  readonly connections: number;
  /** `save` with `ifAbsent` lets exactly one of several writers win. Undefined: it has to be probed (probe.ts). */
  readonly exclusiveCreate: boolean | undefined;
  /** `save` with `ifMatch` lets exactly one of several writers win. Undefined: it has to be probed. */
  readonly compareAndSwap: boolean | undefined;
  /** False: while an object is being replaced by other bytes, a reader may find none, or bytes of both. */
  readonly atomicReplace?: boolean;
  /** Can objects be written at all (an http store cannot). */
  readonly writable: boolean;
  /** `list` hands names out in the order of their bytes, so that whoever wants the first may stop there. */
  readonly ordered?: boolean;
}

/** What a place was found to keep when several writers race; the store's marker remembers it. */
export interface Guarantees {
  readonly exclusiveCreate: boolean;
  readonly compareAndSwap: boolean;
}

/** What went over the line since a backend was opened. */
export interface Traffic {
  /** Of the protocol: an upload in parts is several. The same as `operations` where a place has none of its own. */
  readonly requests: number;
  /** Calls of this interface, tries included. */
  readonly operations: number;
  /** Bytes of bodies. */
  readonly sent: number;
  readonly received: number;
}

/** What comes of a load. A reader that keeps no part goes through `each`: a step of an async iterator costs more than the copy of a part. */
export interface Body extends AsyncIterable<Uint8Array> {
  /** Hands over every part as it comes; each view lives until `take` returns. Instead of iterating, once. Absent where it would be no faster. */
  each?(take: (part: Uint8Array) => void): Promise<void>;
  /**
   * Puts of the bytes what fits straight into `target`, from its beginning; resolves with how many there are. Instead of iterating, once. Absent where parts come by in any case.
   */
  into?(target: Uint8Array): Promise<number>;
}

export interface SaveCondition {
  /** Fail with kind `conflict` if the object exists. */
  readonly ifAbsent?: boolean;
  /** Fail with kind `conflict` unless the object's tag is this one. */
  readonly ifMatch?: string;
}

/**
 * Where a caller keeps what a backend says about an upload under way, over its end and this process's: a later save of the same bytes under the same name
 * need not send again what arrived. The text is the backend's own; a place that takes objects in one piece says nothing.
 */
export interface UploadMemory {
  recall(): string | undefined;
  note(state: string): void;
}

export interface SaveOptions extends SaveCondition {
  readonly signal?: AbortSignal;
  /** With it a save that fails leaves what arrived where it is; `abandon` removes that. */
  readonly memory?: UploadMemory;
  /** Called with bytes sent since the last call; negative when they have to be sent again. */
  readonly onProgress?: (bytes: number) => void;
  /** Called when a part failed and is about to be sent again. */
  readonly onRetry?: OnRetry | undefined;
}

/** Hears of a try that failed, and how many milliseconds there are until the next one. */
export type OnRetry = (error: unknown, attempt: number, delay: number) => void;

/** Where the objects of a backend lie, for another one of the same kind. */
export interface CopyPlace {
  /** The same text: one server with the same credentials, which can copy between the two by itself. Says nothing to anybody else. */
  readonly server: string;
  /** Understood by that kind of backend alone. */
  readonly folder: string;
}

/** A body too large for the memory. Pieces may be asked for in any order, and again. */
export interface FileBody {
  /** Bytes. */
  readonly size: number;
  /** Bytes `start` ≤ i < `end`. @throws when they are not there (any more). */
  read(start: number, end: number): Promise<Uint8Array>;
}

/**
 * Moves bytes to and from one kind of place. Knows keys and bytes, nothing of chunks or git.
 *
 * - `save` is atomic: an object appears under its name complete or not at all, also after a crash, and is durable when the promise resolves.
 *   Without a condition, writing an existing name replaces it with the same guarantee (but see `atomicReplace`).
 * - `load` hands the body to `use`, which may run more than once (a retry), and closes it afterwards. A body shorter than asked for is an error.
 * - A missing object makes `load`, `stat` throw an error for which `isNotFound` is true; `remove` of a missing object succeeds.
 * - Errors are MlgitErrors (kinds unreachable, denied, missing, conflict, disk, unsupported) with the key in `path` and what to do in `hint`.
 *   Only the backend classifies: `isPermanent` says that trying again is useless.
 */
export interface Backend {
  /** For people: scheme, bucket, prefix. Never credentials. */
  readonly location: string;
  readonly properties: BackendProperties;
  /** So far; counted by the wrappers, so a bare backend may not have it. */
  readonly traffic?: Partial<Traffic> | undefined;
  save(handle: Handle, body: Uint8Array, options?: SaveOptions): Promise<FileInfo>;
  /** As `save` without a condition, piece by piece. Absent where a place takes objects in one piece only. */
  saveFile?(handle: Handle, file: FileBody, options?: Omit<SaveOptions, keyof SaveCondition>): Promise<FileInfo>;
  /** Absent where nothing can be copied from it by the server. */
  readonly copyPlace?: CopyPlace;
  /**
   * Takes an object over from another place of the same `server`, as `save` without a condition does, but its bytes do not come by and nobody checks them.
   * A missing source is an error for which `isNotFound` is true. Absent where the server cannot.
   */
  copyFrom?(source: CopyPlace, handle: Handle, options?: Pick<SaveOptions, "signal">): Promise<FileInfo>;
  load<T>(
    handle: Handle,
    range: ByteRange | undefined,
    use: (body: Body, info: FileInfo) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T>;
  stat(handle: Handle, signal?: AbortSignal): Promise<FileInfo>;
  list(type: FileType, signal?: AbortSignal): AsyncIterable<FileInfo>;
  remove(handle: Handle, condition?: { readonly ifMatch?: string }): Promise<void>;
  /** Removes what a save with `memory` left behind, by what it noted last. Absent where nothing is left. */
  abandon?(handle: Handle, state: string): Promise<void>;
  isNotFound(error: unknown): boolean;
  isPermanent(error: unknown): boolean;
  /** Makes the bucket or folder itself unless it is there. Absent where somebody else has to. */
  createPlace?(options: { readonly versioned: boolean }): Promise<MadePlace>;
  close(): Promise<void>;
}

export interface MadePlace {
  /** False: it was there, and is as it was. */
  readonly made: boolean;
  /** What was set, for people. */
  readonly settings: readonly string[];
}

/** What `store add` and the configuration know about a place. Every value comes from the user, none is a secret. */
export interface BackendOptions {
  readonly url: string;
  /** What the store is called, for messages; of source `remote` it is the remote's name. */
  readonly name?: string;
  readonly source?: "git" | "tree" | "remote";
  readonly endpointUrl?: string;
  readonly region?: string;
  readonly profile?: string;
  /** Azure: the storage account that the container is in. */
  readonly account?: string;
  readonly pathStyle?: boolean;
  /** S3: `AES256` or `aws:kms`, where the bucket's own default is not enough. */
  readonly sse?: string;
  readonly sseKmsKeyId?: string;
  /** S3: the reader pays for requests and traffic. */
  readonly requesterPays?: boolean;
  /** From the store's marker. Without it a place that has to be probed claims nothing. */
  readonly guarantees?: Guarantees;
}

/** One line of `all.ts`: how a scheme becomes a backend. */
export interface BackendFactory {
  readonly schemes: readonly string[];
  /** Logging in may wait for somebody who types a passphrase. */
  readonly asksPeople?: boolean;
  /** Throws kind `setup` when the URL or an option makes no sense. Opens no connection. */
  open(options: BackendOptions): Promise<Backend>;
}
