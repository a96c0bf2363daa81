import { cwdOf, type Repository } from "./repository.ts";
import { runGit } from "./run.ts";

export interface LfsFetch {
  readonly remote: string;
  /** Refs, or HEAD. */
  readonly refs: readonly string[];
  /** Everything that the refs reach, and not their tips alone. */
  readonly history: boolean;
  readonly signal: AbortSignal;
}

/**
 * Lets git-lfs bring objects from a remote into its own folder. Undefined when it did, else why it did not, in words: some objects may have come all
 * the same.
 */
export async function fetchWithLfs(repository: Repository, { remote, refs, history, signal }: LfsFetch) {
  const cwd = cwdOf(repository);
  const present = await runGit(["lfs", "version"], { cwd, okCodes: [0, 1, 127, 128] });
  if (present.code !== 0) return "git-lfs is not installed, so nothing could be fetched (Debian: apt install git-lfs)";
  // Patterns that leave things out are for everyday work.
  const all = ["-c", "lfs.fetchinclude=", "-c", "lfs.fetchexclude="];
  const args = [...all, "lfs", "fetch", ...(history ? ["--all"] : []), remote, ...refs];
  const okCodes = Array.from({ length: 256 }, (_, code) => code);
  const { code, stderr } = await runGit(args, { cwd, okCodes, signal });
  if (code === 0) return undefined;
  const words = stderr.trim().split("\n").filter(Boolean);
  return `git lfs fetch ${remote} failed: ${words.at(-1) ?? `exit ${code}`}`;
}
