import type { ByteRange, FileInfo } from "../backend.ts";
import { BackendError } from "../backend-error.ts";
import { handOver, type RangeAnswer } from "../body-reader.ts";
import type { Handle } from "../handle.ts";
import { checkRange, spanOf } from "../range.ts";
import type { AzureApi } from "./azure-api.ts";
import { type AzurePlace, azureError } from "./azure-error.ts";

export interface DownloadContext {
  readonly api: AzureApi;
  readonly place: AzurePlace;
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
  if (range) checkRange(range, key);
  const answer = await request(context, range);
  const explain = (error: unknown) => azureError(error, { key, place, signal });
  return handOver({ key, handle, signal, explain }, { range, answer }, use);
}

async function request(context: DownloadContext, range: ByteRange | undefined): Promise<RangeAnswer> {
  const { api, key, signal } = context;
  // HTTP has no way to ask for nothing, and Azure none to ask for the end of an object.
  if (range && (range.start < 0 || range.start === range.end)) return requestBySize(context, range);
  const { start: offset = 0, end } = range ?? {};
  try {
    return await api.get(key, { offset, count: end === undefined ? undefined : end - offset, signal });
  } catch (error) {
    // An object of that size has no such bytes; which bytes it has, the error does not say.
    if (range && (error as BackendError).kind === "corrupt") return requestBySize(context, range);
    throw error;
  }
}

async function requestBySize({ api, key, signal }: DownloadContext, range: ByteRange): Promise<RangeAnswer> {
  const info = await api.head(key, signal);
  const { start: offset, end } = spanOf(range, info.size, key);
  if (offset === end) return { ...info, length: 0, offset };
  try {
    return await api.get(key, { offset, count: end - offset, ifMatch: info.tag, signal });
  } catch (error) {
    if ((error as BackendError).kind === "conflict") throw changed(key, error);
    throw error;
  }
}

function changed(key: string, cause: unknown): BackendError {
  return new BackendError("unreachable", `${key} was replaced while it was read`, {
    path: key,
    hint: "run the same command again",
    retryable: true,
    cause,
  });
}
