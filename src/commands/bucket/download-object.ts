import { closeSync, fsyncSync, ftruncateSync, openSync } from "node:fs";
import type { Backend, FileInfo } from "../../backend/backend.ts";
import { isTagOf } from "../../backend/content-tag.ts";
import { onDisk } from "../../error/disk-error.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { writeAll } from "../../util/durable.ts";
import { claimPart, sizeOf } from "./part-file.ts";

export interface DownloadOptions {
  /** Folder for the beginnings of downloads. */
  readonly parts: string;
  readonly signal: AbortSignal;
  /** Bytes that came, or were here from before; negative when they have to come again. */
  readonly onProgress: (bytes: number) => void;
}

/** Brings all of an object into a file, which the caller moves or removes. Goes on where an earlier one was stopped, if the object is still the same. */
export async function downloadObject(backend: Backend, object: FileInfo, options: DownloadOptions): Promise<string> {
  const { size, tag, handle, modified } = object;
  const id = JSON.stringify([backend.location, handle.name, tag, size, modified]);
  const file = onDisk("create", options.parts, () => claimPart(options.parts, id));
  // What a crash left may be no more than a length, so only a sum that is known lets it count.
  const had = /^[0-9a-f]{32}(-\d+)?$/.test(tag ?? "") ? Math.min(sizeOf(file), size) : 0;
  await fill(backend, object, { ...options, file, start: had });
  if (had === 0 || (await isTagOf(file, size, tag))) return file;
  options.onProgress(-size);
  await fill(backend, object, { ...options, file, start: 0 });
  return file;
}

interface Fill extends DownloadOptions {
  readonly file: string;
  /** Bytes that are there already. */
  readonly start: number;
}

async function fill(backend: Backend, object: FileInfo, { file, start, signal, onProgress }: Fill): Promise<void> {
  const { size, handle } = object;
  const fd = onDisk("open", file, () => openSync(file, "a"));
  let at = start;
  onProgress(start);
  try {
    ftruncateSync(fd, start);
    const use = async (body: AsyncIterable<Uint8Array>, info: FileInfo) => {
      if (info.size !== size || (info.tag ?? object.tag) !== (object.tag ?? info.tag)) throw changed(object);
      // A try that broke off wrote something, too.
      ftruncateSync(fd, start);
      onProgress(start - at);
      at = start;
      for await (const part of body) {
        onDisk("write", file, () => writeAll(fd, part));
        at += part.length;
        onProgress(part.length);
      }
    };
    if (start < size) await backend.load(handle, start > 0 ? { start } : undefined, use, signal);
    onDisk("write", file, () => fsyncSync(fd));
  } catch (error) {
    onProgress(-at);
    throw error;
  } finally {
    closeSync(fd);
  }
}

function changed({ handle }: FileInfo): MlgitError {
  return new MlgitError("conflict", `${handle.name} was changed while it was copied`, {
    path: handle.name,
    hint: "run the same command again",
  });
}
