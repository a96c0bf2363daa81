import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path/posix";
import { diskError } from "../../error/disk-error.ts";
import { BackendError, isNotFoundError } from "../backend-error.ts";
import type { RcloneApi } from "./rclone-api.ts";

/** What `operations/fsinfo` says of a remote. */
export interface RcloneFeatures {
  readonly BucketBased: boolean;
  readonly Move: boolean;
  readonly DuplicateFiles: boolean;
}

export interface UploadPlace {
  readonly api: RcloneApi;
  /** `remote:path`. */
  readonly fs: string;
  readonly spool: string;
  readonly features: RcloneFeatures;
}

/** Without it rclone leaves a file alone that has the same size and time, and sometimes the same size. */
const always = { IgnoreTimes: true };

/**
 * Puts bytes under a key, whole or not at all. A bucket shows an object when it is complete; elsewhere it comes under another name and is renamed.
 * rclone compares size and, where the remote has one, a hash with the file it was given.
 * @throws BackendError kind `unsupported` where neither is possible.
 */
export async function upload(
  place: UploadPlace,
  key: string,
  { body, signal }: { body: Uint8Array; signal?: AbortSignal | undefined },
): Promise<void> {
  const { BucketBased, Move } = place.features;
  if (!BucketBased && !Move) throw neither(place.fs, key);
  const name = randomBytes(8).toString("hex");
  const file = join(place.spool, name);
  const parked = join(dirname(key), temporary(name));
  const target = BucketBased ? key : parked;
  try {
    // A file and not a stream: rclone may have to send it twice, and takes a stream that breaks off early for a whole one if it is short.
    await writeFile(file, body, { mode: 0o600 }).catch((error) => {
      throw diskError(error, { doing: "write", path: file });
    });
    const parameters = { srcFs: place.spool, srcRemote: name, dstFs: place.fs, dstRemote: target, _config: always };
    await place.api.call("operations/copyfile", { parameters, key, signal });
    if (!BucketBased) await rename(place, { parked, key, size: body.length });
  } catch (error) {
    if (!BucketBased) await discard(place, parked);
    throw error;
  } finally {
    await rm(file, { force: true });
  }
}

interface Parked {
  readonly parked: string;
  readonly key: string;
  readonly size: number;
}

/**
 * In one step where the remote replaces by renaming. rclone itself would remove what is there first and then find out that it cannot rename: here that only steps aside,
 * until the new one has the name. A remote that allows two files of one name (Google Drive) would have both after a plain renaming.
 */
async function rename(place: UploadPlace, file: Parked): Promise<void> {
  const { parked, key } = file;
  if (place.features.DuplicateFiles && (await sizeOf(place, key)) !== undefined) return replace(place, file);
  try {
    await move(place, parked, key);
  } catch (error) {
    const refused = await whyNot(place, file).catch(() => "unknown" as const);
    if (refused === "taken") return replace(place, file);
    if (refused === "unknown") throw error;
  }
}

/** Undefined: it was renamed, and only the answer was lost; rclone's next try finds no file to rename. Nobody else knows the parked name. */
async function whyNot(place: UploadPlace, { parked, key, size }: Parked): Promise<"taken" | "unknown" | undefined> {
  const [waiting, there] = [await sizeOf(place, parked), await sizeOf(place, key)];
  if (waiting !== undefined) return there === undefined ? "unknown" : "taken";
  return there === size ? undefined : "unknown";
}

async function replace(place: UploadPlace, file: Parked): Promise<void> {
  const { parked, key } = file;
  const aside = join(dirname(key), temporary());
  await move(place, key, aside);
  try {
    await move(place, parked, key);
  } catch (error) {
    if ((await whyNot(place, file).catch(() => "unknown")) !== undefined) {
      await move(place, aside, key).catch(() => undefined);
      throw error;
    }
  }
  await discard(place, aside);
}

async function move({ api, fs }: UploadPlace, from: string, key: string): Promise<void> {
  const config = { ...always, NoCheckDest: true };
  const parameters = { srcFs: fs, srcRemote: from, dstFs: fs, dstRemote: key, _config: config };
  await api.call("operations/movefile", { parameters, key });
}

/** Undefined where there is none. */
async function sizeOf({ api, fs }: UploadPlace, key: string): Promise<number | undefined> {
  const parameters = { fs, remote: key };
  return (await api.call<{ item: { Size: number } | null }>("operations/stat", { parameters, key })).item?.Size;
}

const temporary = (name = randomBytes(8).toString("hex")) => `.mlgit-tmp-${name}`;

/** A listing removes it some day if this does not work. */
async function discard({ api, fs }: UploadPlace, parked: string): Promise<void> {
  await api
    .call("operations/deletefile", { parameters: { fs, remote: parked }, key: basename(parked) })
    .catch((error) => {
      if (!isNotFoundError(error)) return undefined;
    });
}

function neither(fs: string, key: string): BackendError {
  return new BackendError(
    "unsupported",
    `rclone:${fs} cannot be written safely: it can neither rename, nor is it a bucket`,
    {
      path: key,
      hint: "an upload that breaks off would look like a whole object there; choose another place",
    },
  );
}
