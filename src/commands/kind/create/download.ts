import { closeSync, fsyncSync, ftruncateSync, openSync } from "node:fs";
import { basename } from "node:path";
import { retrying } from "../../../backend/retry-policy.ts";
import { statusError } from "../../../backend/web-error.ts";
import { type WebPlace, webRequest } from "../../../backend/web-request.ts";
import { MlgitError } from "../../../error/mlgit-error.ts";
import { isSafePath } from "../../../hydrate/safe-path.ts";
import { writeAll } from "../../../util/durable.ts";
import type { Context, Progress } from "../../command.ts";

/** A URL to be had by http or https. @throws MlgitError kind `usage` for any other; for Google Drive with the way that there is. */
export function importUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isDrive = url === undefined || /(^|\.)(drive|docs)\.google\.com$/.test(url.hostname);
  if (url && /^https?:$/.test(url.protocol) && !isDrive) return url;
  throw new MlgitError("usage", `--import-url ${text} cannot be downloaded by http or https`, {
    hint: "from Google Drive: `rclone config` once, then `rclone copy <remote>:<path> <folder>` and --import=<folder>",
  });
}

/** The name that the file gets: the last part of the URL's path. */
export function fileNameOf(url: URL): string {
  const last = basename(url.pathname);
  try {
    const name = decodeURIComponent(last);
    if (!/[/\\\p{Cc}]/u.test(name) && isSafePath(Buffer.from(name)) && !name.startsWith(".")) return name;
  } catch {
    // Not UTF-8: as it stands there.
  }
  return /^[\w%-][\w.%-]*$/.test(last) ? last : "download";
}

/** Downloads into a new file; a connection that breaks off is taken up again where it was, if the server can. @throws MlgitError of the server's or the disk's. */
export async function download(url: URL, file: string, context: Context): Promise<void> {
  await trustCertificates();
  const progress = context.progress("Downloading");
  const fd = openSync(file, "wx");
  try {
    const target = new Target(fd, progress);
    await retrying(() => target.continue(url, context.signal), {
      signal: context.signal,
      onRetry: (error) => context.log.info(`download: ${(error as Error).message}`),
    });
    fsyncSync(fd);
  } finally {
    closeSync(fd);
    progress.done();
  }
}

async function trustCertificates(): Promise<void> {
  if (process.env.NODE_EXTRA_CA_CERTS) (await import("../../../backend/extra-ca.ts")).trustExtraCertificates();
}

/** What came so far, and which version of the file it is of. */
class Target {
  readonly #fd: number;
  readonly #progress: Progress;
  #got = 0;
  #tag: string | undefined;

  constructor(fd: number, progress: Progress) {
    this.#fd = fd;
    this.#progress = progress;
  }

  async continue(url: URL, signal: AbortSignal): Promise<void> {
    const place: WebPlace = { location: url.origin, url: () => url.href };
    const key = url.pathname;
    const again = this.#got > 0 && this.#tag !== undefined;
    const headers = again ? { range: `bytes=${this.#got}-`, "if-range": this.#tag ?? "" } : {};
    const answer = await webRequest(place, key, { method: "GET", headers, signal });
    try {
      if (answer.status !== 200 && answer.status !== 206)
        throw statusError(answer.status, { key, location: url.origin, retryAfter: answer.header("retry-after") });
      const isRest =
        answer.status === 206 && answer.header("content-range")?.startsWith(`bytes ${this.#got}-`) === true;
      if (!isRest) this.#startAnew();
      const etag = answer.header("etag");
      // A weak tag promises the same meaning, not the same bytes.
      this.#tag = etag?.startsWith("W/") ? undefined : etag;
      this.#progress.total(1, this.#got + Number(answer.header("content-length") ?? 0));
      for await (const part of answer.body) {
        writeAll(this.#fd, part, this.#got);
        this.#got += part.length;
        this.#progress.advance(0, part.length);
      }
    } finally {
      answer.end();
    }
  }

  #startAnew(): void {
    ftruncateSync(this.#fd, 0);
    this.#got = 0;
  }
}
