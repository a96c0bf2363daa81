import limit from "p-limit";
import type { FileBody, SaveOptions } from "../backend.ts";
import { checkSignal } from "../backend-error.ts";
import { joinedTag, partSizeFor } from "../content-tag.ts";
import type { Stored } from "./s3-api.ts";
import { PartUpload, type SentPart } from "./s3-parts.ts";
import { finish, type PartContext, sendPart, type UploadContext, uploadWhole, wholeLimit } from "./s3-upload.ts";

/** Parts in memory at once. */
const atOnce = 4;

/** Stores a file under `key`, whole or not at all, without ever holding more than a few parts of it. */
export async function uploadFile(
  context: UploadContext,
  key: string,
  file: FileBody,
  options: SaveOptions,
): Promise<Stored> {
  if (file.size <= wholeLimit) return uploadWhole(context, key, await file.read(0, file.size), options);
  const { api } = context;
  const partSize = partSizeFor(file.size);
  const found = await PartUpload.resume(api, key, { ...options, partSize });
  // An upload that is gone may have been finished; sending it once more is right in any case.
  const parts = found && found !== "gone" ? found : await PartUpload.start(api, key, { ...options, partSize });
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const upload = { key, id: parts.id, signal };
  try {
    const { onRetry, onProgress } = options;
    const sent = await sendParts({ ...context, upload, parts, onRetry }, { file, partSize }, onProgress);
    const md5 = joinedTag(sent.map((part) => Buffer.from(part.md5, "hex")));
    return await finish(api, upload, { tags: sent.map((part) => part.tag), md5, onRetry });
  } catch (error) {
    stop.abort();
    if (!options.memory) await api.abortUpload({ key, id: upload.id }).catch(() => {});
    throw error;
  }
}

async function sendParts(
  context: PartContext,
  { file, partSize }: { readonly file: FileBody; readonly partSize: number },
  onProgress: SaveOptions["onProgress"],
): Promise<SentPart[]> {
  const turn = limit(atOnce);
  const count = Math.ceil(file.size / partSize);
  const sending = Array.from({ length: count }, (_, i) =>
    turn(async () => {
      checkSignal(context.upload.signal, context.upload.key);
      const piece = await file.read(i * partSize, Math.min((i + 1) * partSize, file.size));
      const part = await sendPart(context, i + 1, piece);
      onProgress?.(piece.length);
      return part;
    }),
  );
  return Promise.all(sending);
}
