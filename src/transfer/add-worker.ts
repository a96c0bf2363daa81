import { lstatSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { isMlgitError } from "../error/mlgit-error.ts";
import type { ObjectFormat } from "../git/repository.ts";
import { Cache } from "../store/local/cache.ts";
import { wholeFileLimit } from "../store/local/layout.ts";
import { addBatch } from "./add-batch.ts";
import { packAdded } from "./packed-added.ts";

/** What a thread is told when it begins. */
export interface AddThreadData {
  readonly cacheRoot: string;
  readonly objectFormat: ObjectFormat;
}

/** What a thread is asked: files to take in, each path ended by a zero, or nothing more to come. */
export type AddRequest = { readonly files: Uint8Array } | "finish";

/** What it answers: one result a file (packed-added.ts), that what it stored is durable, or why it gave up. */
export type AddAnswer =
  | { readonly added: ArrayBuffer }
  | "finished"
  | {
      readonly failed: {
        readonly kind: string;
        readonly message: string;
        readonly hint?: string | undefined;
        readonly path?: string | undefined;
      };
    };

/** There may be eight threads, and what is added is rarely there already. */
const indexBytes = 1 << 20;

/** Body of an add thread: its own view of the cache, its own pack in hand. Started by AddPool. */
export async function runAddWorker(): Promise<void> {
  const port = parentPort;
  if (!port) return;
  const { cacheRoot, objectFormat } = workerData as AddThreadData;
  const cache = await Cache.openToRead(cacheRoot, indexBytes);
  port.on("message", async (request: AddRequest) => {
    const given = await answer(request, cache, objectFormat);
    port.postMessage(given, typeof given === "object" && "added" in given ? [given.added] : []);
    if (request === "finish") port.close();
  });
}

async function answer(request: AddRequest, cache: Cache, objectFormat: ObjectFormat): Promise<AddAnswer> {
  try {
    if (request === "finish") {
      await cache.close();
      return "finished";
    }
    const files = pathsOf(request.files);
    // Packs need BLAKE3, which takes as long to load as ten megabytes to take in.
    if (!isLargeAlone(files)) await cache.readyToIngest();
    return { added: packAdded(await addBatch(files, cache), objectFormat) };
  } catch (error) {
    const { message, hint, path } = error as Error & { hint?: string; path?: string };
    return { failed: { kind: isMlgitError(error) ? error.kind : "internal", message, hint, path } };
  }
}

/** Whether all there is to take in is a file that becomes one in the cache. Should it shrink now, the addon that is believed to load is loaded late. */
function isLargeAlone(files: readonly Buffer[]): boolean {
  const [only] = files;
  if (!only || files.length > 1) return false;
  return (lstatSync(only, { throwIfNoEntry: false })?.size ?? 0) >= wholeFileLimit;
}

function pathsOf({ buffer, byteOffset, length }: Uint8Array): Buffer[] {
  const all = Buffer.from(buffer, byteOffset, length);
  const paths: Buffer[] = [];
  for (let start = 0, end = 0; start < length; start = end + 1) {
    end = all.indexOf(0, start);
    paths.push(all.subarray(start, end));
  }
  return paths;
}
