import type { ByteRange, FileInfo } from "../backend.ts";
import type { BackendError } from "../backend-error.ts";
import { handOver, type RangeAnswer } from "../body-reader.ts";
import type { Handle } from "../handle.ts";
import { checkRange, spanOf } from "../range.ts";
import { absentOrDenied } from "./s3-absent.ts";
import type { S3Api } from "./s3-api.ts";
import { type S3Place, s3Error } from "./s3-error.ts";

export interface DownloadContext {
  readonly api: S3Api;
  readonly place: S3Place;
  /** Of the store, for messages. */
  readonly location: string;
  readonly key: string;
  readonly handle: Handle;
  readonly signal: AbortSignal | undefined;
}

/** Hands the bytes of a range to `use`. */
export async function download<T>(
  context: DownloadContext,
  range: ByteRange | undefined,
  use: (body: AsyncIterable<Uint8Array>, info: FileInfo) => Promise<T>,
): Promise<T> {
  const { key, handle, signal, place } = context;
  const answer = await request(context, range);
  const explain = (error: unknown) => s3Error(error, key, place);
  return handOver({ key, handle, signal, explain }, { range, answer }, use);
}

async function request(context: DownloadContext, range: ByteRange | undefined): Promise<RangeAnswer> {
  const { api, key, signal } = context;
  if (range) checkRange(range, key);
  const header = headerOf(range);
  // HTTP has no way to ask for nothing.
  if (header === "none") return nothing(context, range);
  try {
    return await api.get(key, { ...(header && { range: header }), signal });
  } catch (error) {
    // An object of that size has no such bytes; which bytes it has, the error does not say.
    if (range && (error as BackendError).kind === "corrupt") return nothing(context, range);
    throw await absentOrDenied(context, error);
  }
}

async function nothing({ api, key, signal }: DownloadContext, range: ByteRange | undefined): Promise<RangeAnswer> {
  const info = await api.head(key, signal);
  return { ...info, length: 0, offset: spanOf(range, info.size, key).start };
}

function headerOf(range: ByteRange | undefined): string | undefined {
  if (!range || (range.start === 0 && range.end === undefined)) return undefined;
  if (range.end === undefined) return range.start < 0 ? `bytes=${range.start}` : `bytes=${range.start}-`;
  return range.end === range.start ? "none" : `bytes=${range.start}-${range.end - 1}`;
}
