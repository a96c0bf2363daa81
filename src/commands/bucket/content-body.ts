import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { Backend, FileBody, FileInfo } from "../../backend/backend.ts";
import { isTagOf } from "../../backend/content-tag.ts";
import type { Handle } from "../../backend/handle.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import type { CachedContent } from "../../store/local/cache.ts";
import { hashFile } from "../../util/hash-file.ts";

/** Bytes to send: those of a file that is too large for the memory, or the bytes themselves. */
export type Body =
  | Pick<CachedContent & { kind: "file" }, "kind" | "path" | "size">
  | { readonly kind: "bytes"; readonly size: number; readonly content: Uint8Array };

/** What a place that takes objects in one piece can be given. */
const inOnePiece = 1 << 30;

/** Whether an object holds these bytes: by its tag where that says so, else by reading it. */
export async function holdsBody(
  { backend, signal }: { readonly backend: Backend; readonly signal: AbortSignal },
  object: FileInfo,
  body: Body,
): Promise<boolean> {
  if (object.size !== body.size) return false;
  const isSame =
    body.kind === "file"
      ? await isTagOf(body.path, body.size, object.tag)
      : object.tag === createHash("md5").update(body.content).digest("hex");
  if (isSame) return true;
  const wanted = body.kind === "file" ? hashFile(body.path) : createHash("sha256").update(body.content).digest("hex");
  const hashAll = async (stored: AsyncIterable<Uint8Array>) => {
    const hash = createHash("sha256");
    for await (const part of stored) hash.update(part);
    return hash.digest("hex");
  };
  return (await backend.load(object.handle, undefined, hashAll, signal)) === wanted;
}

type SaveOptions = Parameters<NonNullable<Backend["saveFile"]>>[2];

/** Stores the body whole or not at all. @throws MlgitError kind `unsupported` for what the place cannot take. */
export async function saveBody(backend: Backend, handle: Handle, body: Body, options: SaveOptions): Promise<void> {
  if (body.kind === "bytes") return void (await backend.save(handle, body.content, options));
  const file = await open(body.path, "r");
  try {
    const source = bodyOf(file, body.size, handle.name);
    if (backend.saveFile) return void (await backend.saveFile(handle, source, options));
    if (body.size > inOnePiece) throw tooLarge(backend, handle.name);
    await backend.save(handle, await source.read(0, body.size), options);
  } finally {
    await file.close();
  }
}

function bodyOf(file: FileHandle, size: number, name: string): FileBody {
  return {
    size,
    async read(start, end) {
      const bytes = Buffer.allocUnsafe(end - start);
      for (let at = 0; at < bytes.length; ) {
        const { bytesRead } = await file.read(bytes, at, bytes.length - at, start + at);
        if (bytesRead === 0)
          throw new MlgitError("corrupt", `the copy of ${name} in the cache is too short`, { hint: "git mlgit fsck" });
        at += bytesRead;
      }
      return bytes;
    },
  };
}

function tooLarge({ location }: Backend, name: string): MlgitError {
  return new MlgitError("unsupported", `${name} is too large for ${location}, which takes files in one piece`, {
    path: name,
    hint: "export to an S3 bucket, or copy the file of a checkout",
  });
}
