import { exitCode } from "../error/exit-code.ts";
import { isMlgitError, systemCode } from "../error/mlgit-error.ts";

/** Says on stderr what happened and what to do; a stack only when MLGIT_TRACE asks. Returns the exit code. */
export function reportError(error: unknown): number {
  const lines = isMlgitError(error) ? messageOf(error) : unexpected(error);
  process.stderr.write(`${lines.join("\n")}\n`);
  if (process.env.MLGIT_TRACE && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return isMlgitError(error)
    ? error.exitCode
    : systemCode(error) === "ABORT_ERR"
      ? exitCode.interrupted
      : exitCode.internal;
}

function messageOf(error: { message: string; hint: string | undefined }): string[] {
  return [`mlgit: ${error.message}`, ...(error.hint ? [`hint: ${error.hint}`] : [])];
}

function unexpected(error: unknown): string[] {
  const text = error instanceof Error ? error.message : String(error);
  return [
    `mlgit: unexpected error: ${text}`,
    "hint: nothing was lost; run again with MLGIT_TRACE=1 for details, and please report it",
  ];
}
