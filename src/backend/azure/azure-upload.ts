import { randomBytes } from "node:crypto";
import type { LimitFunction } from "p-limit";
import { md5Of } from "../../util/md5.ts";
import type { SaveOptions } from "../backend.ts";
import { conflictError, isNotFoundError } from "../backend-error.ts";
import { retrying } from "../retry-policy.ts";
import type { AzureApi, Condition, Stored } from "./azure-api.ts";

/** Objects up to this size are sent in one piece; larger ones in blocks of this size. */
export const blockSize = 8 << 20;

export interface UploadContext {
  readonly api: AzureApi;
  /** Shared by all uploads of a backend: blocks in flight. */
  readonly blocks: LimitFunction;
}

/** Stores `body` under `key`, whole or not at all. */
export async function upload(
  context: UploadContext,
  key: string,
  body: Uint8Array,
  options: SaveOptions,
): Promise<Stored> {
  try {
    if (body.length > blockSize) return await uploadBlocks(context, key, body, options);
    const { ifAbsent, ifMatch, signal } = options;
    const stored = await context.api.put(key, body, { md5: await md5Of(body), ifAbsent, ifMatch, signal });
    options.onProgress?.(body.length);
    return stored;
  } catch (error) {
    // To swap an object that is not there any more is a lost race, not a missing object.
    if (options.ifMatch !== undefined && isNotFoundError(error)) throw conflictError(key, error);
    throw error;
  }
}

/** Blocks that were sent and never joined are seen by nobody, and Azure drops them after a week. */
async function uploadBlocks(
  { api, blocks }: UploadContext,
  key: string,
  body: Uint8Array,
  options: SaveOptions,
): Promise<Stored> {
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const ids = blockIds(Math.ceil(body.length / blockSize));
  const send = async (id: string, i: number) => {
    const part = body.subarray(i * blockSize, (i + 1) * blockSize);
    const block = { id, body: part, md5: await md5Of(part) };
    await retrying(() => api.stage(key, block, signal), { retries: 4, signal, onRetry: options.onRetry });
    options.onProgress?.(part.length);
  };
  try {
    await Promise.all(ids.map((id, i) => blocks(() => send(id, i))));
  } catch (error) {
    stop.abort();
    throw error;
  }
  const { ifAbsent, ifMatch, onRetry } = options;
  return join(api, key, ids, { ifAbsent, ifMatch, signal: options.signal, onRetry });
}

/**
 * Joins the blocks. Doing so twice is the same as once, so without a condition a lost answer is asked for again; with one, whoever asks again has to
 * look whose object it is.
 */
function join(
  api: AzureApi,
  key: string,
  ids: readonly string[],
  { onRetry, ...condition }: Condition & Pick<SaveOptions, "onRetry">,
): Promise<Stored> {
  const work = () => api.commit(key, ids, condition);
  if (condition.ifAbsent || condition.ifMatch !== undefined) return work();
  return retrying(work, { retries: 3, signal: condition.signal, onRetry });
}

/** Writers of the same name must not mix their blocks. */
function blockIds(count: number): string[] {
  const own = randomBytes(16);
  return Array.from({ length: count }, (_, i) => {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(i);
    return Buffer.concat([own, number]).toString("base64");
  });
}
