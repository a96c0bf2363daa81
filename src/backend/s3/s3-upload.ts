import { createHash } from "node:crypto";
import type { LimitFunction } from "p-limit";
import { isMlgitError } from "../../error/mlgit-error.ts";
import type { SaveOptions } from "../backend.ts";
import { isNotFoundError } from "../backend-error.ts";
import { retrying } from "../retry-policy.ts";
import type { S3Api, Stored, Upload } from "./s3-api.ts";
import type { EtagStyle } from "./s3-etag.ts";

/** Objects up to this size are sent in one piece; larger ones in parts of this size. S3 wants at least 5 MiB. */
export const partSize = 16 << 20;

export interface UploadContext {
  readonly api: S3Api;
  readonly etag: EtagStyle;
  /** Shared by all uploads of a backend: parts in flight. */
  readonly parts: LimitFunction;
}

/** Stores `body` under `key`, whole or not at all, and checks what the server says it stored. */
export async function upload(
  context: UploadContext,
  key: string,
  body: Uint8Array,
  options: SaveOptions,
): Promise<Stored> {
  const conditional = options.ifAbsent || options.ifMatch !== undefined;
  // Several servers ignore conditions when they join parts, so a conditional save is always one request.
  if (body.length > partSize && !conditional) return uploadParts(context, key, body, options);
  return uploadWhole(context, key, body, options);
}

async function uploadWhole(
  { api, etag }: UploadContext,
  key: string,
  body: Uint8Array,
  options: SaveOptions,
): Promise<Stored> {
  const { ifAbsent, ifMatch, signal, onProgress } = options;
  const md5 = createHash("md5").update(body).digest();
  const put = (header?: string) =>
    api.put(key, body, { md5: md5.toString("base64"), ifAbsent, ifMatch: header, signal });
  const stored = ifMatch === undefined ? await put() : await etag.withCondition(ifMatch, put, () => tagOf(api, key));
  await etag.check(stored.tag, md5.toString("hex"), { api, key, body });
  onProgress?.(body.length);
  return stored;
}

async function uploadParts(
  context: UploadContext,
  key: string,
  body: Uint8Array,
  options: SaveOptions,
): Promise<Stored> {
  const { api, etag } = context;
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const upload = { key, id: await api.startUpload(key, options.signal), signal };
  try {
    const sent = await sendParts(context, upload, body, options.onProgress);
    const md5 = joinedTag(sent.map((part) => part.md5));
    const stored = await finish(api, upload, { tags: sent.map((part) => part.tag), md5 });
    await etag.check(stored.tag, md5, { api, key, body });
    return stored;
  } catch (error) {
    stop.abort();
    // What cannot be aborted either is left to the bucket's life-cycle rule.
    await api.abortUpload({ key, id: upload.id }).catch(() => {});
    throw error;
  }
}

interface SentPart {
  readonly tag: string;
  readonly md5: Buffer;
}

async function sendParts(
  { api, parts }: UploadContext,
  upload: Upload,
  body: Uint8Array,
  onProgress: SaveOptions["onProgress"],
): Promise<SentPart[]> {
  const count = Math.ceil(body.length / partSize);
  const numbers = Array.from({ length: count }, (_, i) => i);
  return Promise.all(
    numbers.map((i) =>
      parts(async () => {
        const part = body.subarray(i * partSize, (i + 1) * partSize);
        const md5 = createHash("md5").update(part).digest();
        const request = { number: i + 1, body: part, md5: md5.toString("base64") };
        const tag = await retrying(() => api.sendPart(upload, request), { retries: 4, signal: upload.signal });
        onProgress?.(part.length);
        return { tag, md5 };
      }),
    ),
  );
}

/** Joins the parts. When the answer is lost, the upload is gone at the second try although it worked: the object tells. */
async function finish(api: S3Api, upload: Upload, parts: { tags: readonly string[]; md5: string }): Promise<Stored> {
  try {
    return await retrying(() => api.finishUpload(upload, parts.tags), { retries: 3, signal: upload.signal });
  } catch (error) {
    if (isMlgitError(error) && error.kind === "interrupted") throw error;
    if ((await tagOf(api, upload.key).catch(() => undefined)) === parts.md5) return { tag: parts.md5 };
    throw error;
  }
}

/** The ETag of an object made of parts: MD5 of their MD5s, and how many there are. */
function joinedTag(digests: readonly Buffer[]): string {
  return `${createHash("md5").update(Buffer.concat(digests)).digest("hex")}-${digests.length}`;
}

async function tagOf(api: S3Api, key: string): Promise<string | undefined> {
  try {
    return (await api.head(key)).tag;
  } catch (error) {
    if (isNotFoundError(error)) return undefined;
    throw error;
  }
}
