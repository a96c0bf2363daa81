import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cache } from "../../src/store/local/cache.ts";

/** A worktree without git's own files, and a cache to hydrate it from. */
export interface HydrationPlace {
  readonly root: string;
  /** Of the worktree; its git directory is `.git` in it. */
  readonly top: string;
  readonly cache: Cache;
  readonly repository: {
    readonly gitDir: string;
    readonly commonDir: string;
    readonly workTree: string;
    readonly objectFormat: "sha1";
    readonly prefix: "";
  };
  remove(): Promise<void>;
}

export async function hydrationPlace(): Promise<HydrationPlace> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "mlgit-hydrate-")));
  const top = join(root, "work");
  const gitDir = join(top, ".git");
  mkdirSync(gitDir, { recursive: true });
  const cache = await Cache.open(join(root, "cache"));
  const repository = { gitDir, commonDir: gitDir, workTree: top, objectFormat: "sha1", prefix: "" } as const;
  return {
    root,
    top,
    cache,
    repository,
    async remove() {
      await cache.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
