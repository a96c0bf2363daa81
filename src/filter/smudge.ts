import { closeSync, openSync, readSync } from "node:fs";
import { MlgitError } from "../error/mlgit-error.ts";
import { blobOid } from "../git/blob-pack.ts";
import { isLfsPointer } from "../pointer/pass-through.ts";
import { formatPointer, isUnknownPointer, type Pointer, parsePointer, pointerLimit } from "../pointer/pointer.ts";

/** Content as the cache gives it: verified. */
export type Verified =
  | { readonly kind: "file"; readonly path: string; readonly size: number }
  | { readonly kind: "bytes"; readonly content: Uint8Array; readonly size: number };

/** What smudge needs of the rest of the program. */
export interface SmudgeSource {
  /** Verified content or undefined; throws kind `corrupt` when a damaged copy was just moved aside. */
  get(oid: string): Verified | undefined;
  /** The same for small content that can be had at once; the bytes live until the next call. Undefined says nothing. */
  peek?(oid: string): Uint8Array | undefined;
  /** Brings content into the cache; throws kinds `missing`, `unreachable`, … */
  fetch(pointer: Pointer): Promise<void>;
  /** Notes that the path is to be hydrated later. `blob`: git's id of the pointer, where git told it. */
  defer(path: Buffer, pointer: Pointer, blob: string | undefined): void;
  /** Whether somebody reads the files before git is done, so that nothing may be deferred that can be had. Default: nobody. */
  isReadBefore?(): boolean;
  /** The bytes of the path were answered at once and git writes them. */
  streamed(path: Buffer, pointer: Pointer): void;
  /** Whether the user wants this path hydrated (include, exclude, hydrate=none). */
  wants(path: Buffer): boolean;
  /** Whether git wants the content only to hand it to our textconv, which reads pointers. */
  isForTextconv?(request: SmudgeRequest): Promise<boolean>;
  /** Told of what lies under a tracked path and is no pointer that can be read here. */
  odd(path: Buffer, what: Odd): void;
}

/** Content; a pointer of a version that this program does not know; one of git-lfs, whose data is elsewhere. */
export type Odd = "not-a-pointer" | "unknown-version" | "git-lfs";

/** What smudge looks at in a request of git's; the source may look at more. */
export interface SmudgeRequest {
  readonly pathname: Buffer;
  readonly canDelay: boolean;
  readonly treeish?: string | undefined;
  readonly blob?: string | undefined;
}

/** Files up to this size are answered at once from the cache: writing a file twice costs more than the copy. */
const streamLimit = 256 << 10;

/**
 * What git writes to the worktree for a blob. With `canDelay` (git fills a worktree) large or missing content is deferred: the answer is the
 * pointer, and the path is hydrated afterwards, unless somebody reads it before that. Without it the real bytes are streamed, unless they are only to be described.
 */
export async function smudgeContent(
  blob: Uint8Array,
  request: SmudgeRequest,
  source: SmudgeSource,
): Promise<Iterable<Uint8Array>> {
  const pointer = pointerIn(blob, request);
  if (!pointer) {
    if (blob.length > 0) source.odd(request.pathname, oddityOf(blob));
    return [blob];
  }
  if (request.canDelay) {
    const content = smallFromCache(pointer, source);
    const parts = content ? [content] : await atOnce(pointer, request, source);
    if (parts) source.streamed(request.pathname, pointer);
    return parts ?? [deferred(pointer, request, source)];
  }
  if (await source.isForTextconv?.(request)) return [formatPointer(pointer)];
  return await streamed(pointer, request.pathname, source);
}

function oddityOf(blob: Uint8Array): Odd {
  if (isUnknownPointer(blob)) return "unknown-version";
  return blob.length < pointerLimit && isLfsPointer(blob) ? "git-lfs" : "not-a-pointer";
}

/**
 * The pointer that a blob is. Where attributes ask for it (`eol=crlf`), git has given the pointer's lines other ends before it asks us; the blob's
 * id tells that from content that looks like this.
 */
function pointerIn(blob: Uint8Array, { blob: id }: SmudgeRequest): Pointer | undefined {
  if (blob.length >= pointerLimit) return undefined;
  const pointer = parsePointer(blob);
  if (pointer || blob.at(-2) !== carriageReturn) return pointer;
  const text = Buffer.from(Buffer.from(blob).toString("latin1").replaceAll("\r\n", "\n"), "latin1");
  const isOurs = id === undefined || id === blobOid({ objectFormat: id.length === 64 ? "sha256" : "sha1" }, text);
  return isOurs ? parsePointer(text) : undefined;
}

const carriageReturn = 0x0d;

function smallFromCache(pointer: Pointer, source: SmudgeSource): Uint8Array | undefined {
  if (pointer.size > streamLimit) return undefined;
  try {
    const peeked = source.peek?.(pointer.oid);
    if (peeked) return peeked;
    const found = source.get(pointer.oid);
    return found?.kind === "bytes" ? found.content : undefined;
  } catch {
    // A damaged copy was moved aside; hydration fetches it again and reports.
    return undefined;
  }
}

/** The bytes, if they must not wait and can be had. */
async function atOnce(pointer: Pointer, { pathname }: SmudgeRequest, source: SmudgeSource) {
  if (!source.isReadBefore?.() || !source.wants(pathname)) return undefined;
  try {
    return await streamed(pointer, pathname, source);
  } catch {
    // Hydration tries again, and reports.
    return undefined;
  }
}

function deferred(pointer: Pointer, { pathname, blob }: SmudgeRequest, source: SmudgeSource): Uint8Array {
  if (source.wants(pathname)) source.defer(pathname, pointer, blob);
  return formatPointer(pointer);
}

async function streamed(pointer: Pointer, path: Buffer, source: SmudgeSource): Promise<Iterable<Uint8Array>> {
  let found = tryGet(pointer, source);
  if (!found) {
    if (!source.wants(path)) return [formatPointer(pointer)];
    await source.fetch(pointer);
    found = source.get(pointer.oid);
  }
  if (!found)
    throw new MlgitError("missing", `sha256:${pointer.oid} is neither in the cache nor in the store`, {
      oid: pointer.oid,
    });
  return found.kind === "bytes" ? [found.content] : fileParts(found.path, found.size);
}

function tryGet(pointer: Pointer, source: SmudgeSource): Verified | undefined {
  try {
    return source.get(pointer.oid);
  } catch {
    return undefined;
  }
}

/** The bytes of a file, 1 MiB at a time; each view lives until the next. Throws when it is shorter than it was. */
function* fileParts(path: string, size: number): Generator<Uint8Array, void, void> {
  const fd = openSync(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(Math.min(size, 1 << 20));
    for (let left = size; left > 0; ) {
      const got = readSync(fd, buffer, 0, Math.min(left, buffer.length), null);
      if (got === 0) throw new MlgitError("corrupt", `${path} became shorter while it was read`, { path });
      yield buffer.subarray(0, got);
      left -= got;
    }
  } finally {
    closeSync(fd);
  }
}
