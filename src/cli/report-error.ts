import { diskError } from "../error/disk-error.ts";
import { asInterrupted } from "../error/interrupted.ts";
import { isMlgitError, MlgitError, systemCode } from "../error/mlgit-error.ts";
import { redactText } from "../log/redact.ts";
import { aboveProgress } from "./progress.ts";

export interface ReportOptions {
  /** Also print the error as JSON on stdout, where a program reads. */
  readonly json?: boolean;
}

/** Says on stderr what happened and what to do; a stack only when MLGIT_TRACE asks. Returns the exit code. */
export function reportError(thrown: unknown, options: ReportOptions = {}): number {
  const error = asMlgitError(thrown);
  const lines = [`mlgit: ${error.message}`, ...(error.hint ? [`hint: ${error.hint}`] : [])];
  process.stderr.write(aboveProgress(`${redactText(lines.join("\n"))}\n`));
  if (process.env.MLGIT_TRACE && thrown instanceof Error) process.stderr.write(`${redactText(stackOf(thrown))}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify({ error: errorData(error) }, null, 2)}\n`);
  return error.exitCode;
}

function errorData({ kind, message, hint, path, oid, exitCode: code }: MlgitError): Record<string, unknown> {
  const text = { message: redactText(message), ...(hint === undefined ? {} : { hint: redactText(hint) }) };
  return { kind, ...text, path, oid, exitCode: code };
}

function asMlgitError(thrown: unknown): MlgitError {
  if (isMlgitError(thrown)) return thrown;
  const explained = aboutFile(thrown);
  if (isMlgitError(explained)) return explained;
  const interrupted = asInterrupted(thrown);
  if (isMlgitError(interrupted)) return interrupted;
  const code = systemCode(thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (code === "EMFILE" || code === "ENFILE")
    return new MlgitError("disk", message, { hint: "raise the limit (ulimit -n), then run the same command again" });
  if (code !== undefined && diskCodes.has(code))
    return new MlgitError("disk", message, { hint: "make room or mend the disk, then run the same command again" });
  if (code === "EACCES" || code === "EPERM")
    return new MlgitError("denied", message, { hint: "check who owns the file and its permissions" });
  return new MlgitError("internal", `unexpected error: ${message}`, {
    hint: "nothing was lost; run again with MLGIT_TRACE=1 for details, and please report it",
  });
}

/** Of a call on a file that nobody has explained. */
function aboutFile(thrown: unknown): unknown {
  const { path, syscall } = (thrown ?? {}) as { path?: unknown; syscall?: unknown };
  if (typeof path !== "string") return undefined;
  return diskError(thrown, { doing: typeof syscall === "string" ? syscall : "use", path });
}

const diskCodes: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EROFS", "EIO"]);

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : "";
  return `${error.stack ?? error.message}${cause}`;
}
