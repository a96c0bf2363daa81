import { spawn } from "node:child_process";
import { MlgitError } from "../error/mlgit-error.ts";
import { type GitOptions, type GitResult, runGit, startError } from "./run.ts";

/** What git sets for the repository it works on (`git rev-parse --local-env-vars`), and the user's own configuration. */
const foreign = [
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_CONFIG",
  "GIT_CONFIG_PARAMETERS",
  "GIT_CONFIG_COUNT",
  "GIT_OBJECT_DIRECTORY",
  "GIT_DIR",
  "GIT_WORK_TREE",
  "GIT_IMPLICIT_WORK_TREE",
  "GIT_GRAFT_FILE",
  "GIT_INDEX_FILE",
  "GIT_NO_REPLACE_OBJECTS",
  "GIT_REPLACE_REF_BASE",
  "GIT_PREFIX",
  "GIT_SHALLOW_FILE",
  "GIT_COMMON_DIR",
  "GIT_NAMESPACE",
  "GIT_QUARANTINE_PATH",
];

/** The environment of a git that works on a mirror of ours and on nothing else. */
export function mirrorEnv(mirror: string): Record<string, string | undefined> {
  return {
    ...Object.fromEntries(foreign.map((name) => [name, undefined])),
    GIT_DIR: mirror,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_NO_LAZY_FETCH: "1",
  };
}

/** Runs git on a mirror. */
export function gitInMirror(
  mirror: string,
  args: readonly string[],
  options: Omit<GitOptions, "cwd" | "env"> = {},
): Promise<GitResult> {
  return runGit(args, { ...options, cwd: mirror, env: mirrorEnv(mirror) });
}

/**
 * Answers one request of protocol v2 from a mirror: what git prints goes to our own stdout, where the client listens.
 * @throws MlgitError kind `incomplete`; the answer may have been begun.
 */
export function answerFromMirror(mirror: string, request: Uint8Array): Promise<void> {
  const args = ["upload-pack", "--stateless-rpc", "--strict", mirror];
  return serve(mirror, args, { request, env: { GIT_PROTOCOL: "version=2" } });
}

/** Lets `git archive --remote` speak with a mirror: stdin and stdout are handed over. */
export function archiveFromMirror(mirror: string): Promise<void> {
  return serve(mirror, ["upload-archive", mirror], {});
}

interface Service {
  readonly request?: Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

function serve(mirror: string, args: readonly string[], { request, env }: Service): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", args, {
      cwd: mirror,
      env: { ...process.env, ...mirrorEnv(mirror), ...env },
      stdio: [request ? "pipe" : "inherit", "inherit", "inherit"],
    });
    child.on("error", (cause) => reject(startError(cause)));
    child.on("close", (code) => {
      if (code === 0) return resolve();
      reject(
        new MlgitError(
          "incomplete",
          `git ${args[0]} failed on the local copy ${mirror} (exit ${code ?? "by a signal"})`,
        ),
      );
    });
    // It may end without reading all; the exit code tells.
    child.stdin?.on("error", () => {});
    child.stdin?.end(request);
  });
}
