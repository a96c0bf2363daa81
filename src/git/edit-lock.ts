import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onDisk } from "../error/disk-error.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { howToFree, removeAbandoned, takeLock } from "../util/owner-lock.ts";
import type { Repository } from "./repository.ts";

const patienceMs = 30_000;

/**
 * Runs what reads, changes and writes a file that people edit too (.gitattributes, .mlgit/config.yaml) while no other mlgit does so in any worktree
 * of the repository. The lock is `mlgit-edit.lock` in the common git dir; one that a killed process left is taken over.
 * @throws MlgitError kind `conflict` when somebody holds it for half a minute, `disk` and `denied` when it cannot be made.
 */
export async function whileEditing<T>(repository: Pick<Repository, "commonDir">, work: () => T | Promise<T>) {
  const path = join(repository.commonDir, "mlgit-edit.lock");
  const deadline = Date.now() + patienceMs;
  for (let pause = 5; !onDisk("lock", path, () => takeLock(path)); pause = Math.min(pause * 2, 100)) {
    if (Date.now() >= deadline)
      throw new MlgitError("conflict", `another mlgit is editing files of this repository; it holds ${path}`, {
        path,
        hint: howToFree(path),
      });
    if (!removeAbandoned(path)) await sleep(pause * (0.5 + Math.random() / 2));
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}
