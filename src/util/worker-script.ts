import { existsSync } from "node:fs";
import { join } from "node:path";
import { Worker, type WorkerOptions } from "node:worker_threads";
import { packageRoot } from "./package-root.ts";

/** The scripts that threads of ours run, one for each of `src/cli/worker`: a thread shares no compiled code with the one that starts it, and shall load no more than it uses. */
export type WorkerKind = "add" | "compress" | "cut" | "hash" | "md5";

export function workerScript(kind: WorkerKind): string {
  return join(packageRoot(), "dist", "worker", `${kind}.cjs`);
}

/** Whether it was built: from sources there may be none, and whoever would start it does the work itself. */
export function hasWorker(kind: WorkerKind): boolean {
  return existsSync(workerScript(kind));
}

/** Starts a thread; undefined where the system allows no more of them, as in a container that may have few: whoever asks does the work itself. */
export function tryWorker(script: string, options: WorkerOptions): Worker | undefined {
  try {
    return new Worker(script, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_WORKER_INIT_FAILED") return undefined;
    throw error;
  }
}
