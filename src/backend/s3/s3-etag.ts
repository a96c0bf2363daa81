import { isMlgitError } from "../../error/mlgit-error.ts";
import { BackendError, isNotFoundError } from "../backend-error.ts";
import type { S3Api, Stored } from "./s3-api.ts";

export interface Written {
  readonly api: S3Api;
  readonly key: string;
  readonly body: Uint8Array;
}

/** What this server's ETags are like, learned as requests go. */
export class EtagStyle {
  /** Undefined: not known yet. Ceph up to 18 never matches a quoted tag in a conditional PUT, although RFC 9110 wants quotes. */
  #quoted: boolean | undefined;
  /** False once an ETag was seen that is no MD5 (encryption by the server), though the bytes were right. */
  #isMd5 = true;

  /** Sends a request with If-Match in the form that this server understands. `current` asks for the tag the object has now. */
  async withCondition(
    tag: string,
    send: (ifMatch: string) => Promise<Stored>,
    current: () => Promise<string | undefined>,
  ): Promise<Stored> {
    try {
      const stored = await send(this.#quoted === false ? tag : `"${tag}"`);
      this.#quoted ??= true;
      return stored;
    } catch (error) {
      if (isNotFoundError(error)) throw gone(error);
      if (!isConflict(error) || this.#quoted !== undefined || (await current()) !== tag) throw error;
    }
    const stored = await send(tag);
    this.#quoted = false;
    return stored;
  }

  /**
   * Compares what the server says it stored with what was sent.
   * @throws BackendError kind `corrupt`, worth another try.
   */
  async check(tag: string | undefined, md5: string, written: Written): Promise<void> {
    if (tag === md5 || !this.#isMd5 || !/^[0-9a-f]{32}(-\d+)?$/.test(tag ?? "")) return;
    const stored = await readBack(written, tag);
    if (stored === undefined) return;
    if (Buffer.compare(stored, written.body) === 0) {
      this.#isMd5 = false;
      return;
    }
    throw new BackendError("corrupt", `${written.key} was stored with other bytes than were sent`, {
      path: written.key,
      hint: "the network or the server damages data; what it did to the rest says git mlgit fsck --store --paranoid",
      retryable: true,
    });
  }
}

/** Undefined when another writer was there since. */
async function readBack({ api, key }: Written, tag: string | undefined): Promise<Buffer | undefined> {
  const got = await api.get(key, {});
  const parts: Uint8Array[] = [];
  for await (const part of got.body) parts.push(part);
  return got.tag === tag ? Buffer.concat(parts) : undefined;
}

function isConflict(error: unknown): boolean {
  return isMlgitError(error) && error.kind === "conflict";
}

/** To swap an object that is not there any more is a lost race, not a missing object. */
function gone(error: unknown): BackendError {
  return new BackendError("conflict", (error as Error).message, { hint: "fetch and try again", cause: error });
}
