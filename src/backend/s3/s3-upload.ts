import { isMlgitError } from "../../error/mlgit-error.ts";
import { md5Of } from "../../util/md5.ts";
import type { AdaptiveLimit } from "../adaptive-limit.ts";
import type { SaveOptions } from "../backend.ts";
import { isNotFoundError } from "../backend-error.ts";
import { joinedTag } from "../content-tag.ts";
import { retrying } from "../retry-policy.ts";
import type { S3Api, Stored, Upload } from "./s3-api.ts";
import type { EtagStyle } from "./s3-etag.ts";
import { PartUpload, partSize, type SentPart } from "./s3-parts.ts";

/** Objects up to this size are sent in one piece: three requests fewer. */
export const wholeLimit = 2 * partSize;

export interface UploadContext {
  readonly api: S3Api;
  readonly etag: EtagStyle;
  /** Shared by everything that a backend sends and gets. */
  readonly bodies: AdaptiveLimit;
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
  if (body.length > wholeLimit && !conditional) return uploadParts(context, key, body, options);
  return uploadWhole(context, key, body, options);
}

export async function uploadWhole(
  { api, etag, bodies }: UploadContext,
  key: string,
  body: Uint8Array,
  options: SaveOptions,
): Promise<Stored> {
  const { ifAbsent, ifMatch, signal, onProgress } = options;
  const md5 = await md5Of(body);
  const put = (header?: string) =>
    bodies.run(body.length, () =>
      api.put(key, body, { md5: md5.toString("base64"), ifAbsent, ifMatch: header, signal }),
    );
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
  const found = await PartUpload.resume(api, key, options);
  const finished = found === "gone" ? await finishedBefore(api, key, body) : undefined;
  if (finished) return finished;
  const parts = found && found !== "gone" ? found : await PartUpload.start(api, key, options);
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const upload = { key, id: parts.id, signal };
  try {
    const sent = await sendParts({ ...context, upload, parts, onRetry: options.onRetry }, body, options.onProgress);
    const md5 = joinedTag(sent.map((part) => Buffer.from(part.md5, "hex")));
    const tags = sent.map((part) => part.tag);
    const stored = await finish(api, upload, { tags, md5, onRetry: options.onRetry });
    await etag.check(stored.tag, md5, { api, key, body });
    return stored;
  } catch (error) {
    stop.abort();
    // Whoever remembers it goes on with it. What cannot be aborted is left to the bucket's life-cycle rule.
    if (!options.memory) await api.abortUpload({ key, id: upload.id }).catch(() => {});
    throw error;
  }
}

export interface PartContext extends UploadContext {
  readonly upload: Upload;
  readonly parts: PartUpload;
  readonly onRetry: SaveOptions["onRetry"];
}

async function sendParts(
  context: PartContext,
  body: Uint8Array,
  onProgress: SaveOptions["onProgress"],
): Promise<SentPart[]> {
  const sending = piecesOf(body).map(async (piece, i) => {
    const part = await sendPart(context, i + 1, piece);
    onProgress?.(piece.length);
    return part;
  });
  return Promise.all(sending);
}

/** Hashes when it is its turn, so that the first part is on its way before the last one is hashed. */
export async function sendPart({ api, bodies, upload, parts, onRetry }: PartContext, number: number, body: Uint8Array) {
  let digest: Buffer | undefined;
  const send = async (): Promise<SentPart> => {
    digest ??= await md5Of(body);
    const md5 = digest.toString("hex");
    const there = parts.arrived(number, md5, body.length);
    if (there) return there;
    const part = { tag: await api.sendPart(upload, { number, body, md5: digest.toString("base64") }), md5 };
    parts.note(number, part);
    return part;
  };
  return retrying(() => bodies.run(body.length, send), { retries: 4, signal: upload.signal, onRetry });
}

/** Joins the parts. When the answer is lost, the upload is gone at the second try although it worked: the object tells. */
export async function finish(
  api: S3Api,
  upload: Upload,
  { tags, md5, onRetry }: { tags: readonly string[]; md5: string; onRetry: SaveOptions["onRetry"] },
): Promise<Stored> {
  try {
    return await retrying(() => api.finishUpload(upload, tags), { retries: 3, signal: upload.signal, onRetry });
  } catch (error) {
    if (isMlgitError(error) && error.kind === "interrupted") throw error;
    if ((await tagOf(api, upload.key).catch(() => undefined)) === md5) return { tag: md5 };
    throw error;
  }
}

/** The object, if an upload of these bytes was finished and only its answer never came. */
async function finishedBefore(api: S3Api, key: string, body: Uint8Array): Promise<Stored | undefined> {
  const md5 = joinedTag(await Promise.all(piecesOf(body).map(md5Of)));
  return (await tagOf(api, key)) === md5 ? { tag: md5 } : undefined;
}

function piecesOf(body: Uint8Array): Uint8Array[] {
  const count = Math.ceil(body.length / partSize);
  return Array.from({ length: count }, (_, i) => body.subarray(i * partSize, (i + 1) * partSize));
}

async function tagOf(api: S3Api, key: string): Promise<string | undefined> {
  try {
    return (await api.head(key)).tag;
  } catch (error) {
    if (isNotFoundError(error)) return undefined;
    throw error;
  }
}
