import { cwdOf, type Repository } from "../../git/repository.ts";
import { streamGit } from "../../git/run.ts";
import type { Pointer } from "../../pointer/pointer.ts";
import type { Cache } from "../../store/local/cache.ts";

/** Takes the content of one of git's own blobs into the cache, of any size. The caller flushes. */
export async function ingestBlob(repository: Repository, blob: string, cache: Cache): Promise<Pointer> {
  const ingest = cache.ingest();
  try {
    await streamGit(["cat-file", "blob", blob], { cwd: cwdOf(repository) }, (part) => ingest.write(part));
    return ingest.finish();
  } finally {
    ingest.abort();
  }
}
