import { parentPort, workerData } from "node:worker_threads";
import { isMlgitError } from "../error/mlgit-error.ts";
import { Cache } from "../store/local/cache.ts";
import { type AddedFile, addFile } from "./add-file.ts";

/** What a thread is asked: files to take in, or nothing more to come. */
export type AddRequest = { readonly numbers: readonly number[]; readonly files: readonly Uint8Array[] } | "finish";

/** What it answers: one result a file, that what it stored is durable, or why it gave up. */
export type AddAnswer =
  | { readonly numbers: readonly number[]; readonly added: readonly AddedFile[] }
  | "finished"
  | {
      readonly failed: {
        readonly kind: string;
        readonly message: string;
        readonly hint?: string | undefined;
        readonly path?: string | undefined;
      };
    };

/** Body of an add thread: its own view of the cache, its own pack in hand. Started by AddPool. */
export async function runAddWorker(): Promise<void> {
  const port = parentPort;
  if (!port) return;
  const cache = await Cache.open((workerData as { cacheRoot: string }).cacheRoot);
  port.on("message", async (request: AddRequest) => {
    port.postMessage(await answer(request, cache));
    if (request === "finish") port.close();
  });
}

async function answer(request: AddRequest, cache: Cache): Promise<AddAnswer> {
  try {
    if (request !== "finish")
      return { numbers: request.numbers, added: request.files.map((file) => addFile(Buffer.from(file), cache)) };
    await cache.close();
    return "finished";
  } catch (error) {
    const { message, hint, path } = error as Error & { hint?: string; path?: string };
    return { failed: { kind: isMlgitError(error) ? error.kind : "internal", message, hint, path } };
  }
}
