import type { ErrorKind } from "../../error/exit-code.ts";
import { redactText } from "../../log/redact.ts";
import { BackendError, type BackendErrorOptions, missingError } from "../backend-error.ts";

type Rule = readonly [pattern: RegExp, kind: ErrorKind, what: string, hint: string, more?: BackendErrorOptions];

const again = "run the same command again; what was finished is kept";
const check = (remote: string) => `try it with rclone itself: rclone lsd ${remote}:`;

/** By rclone's words: its statuses say little. The first that matches counts. */
const rules: readonly Rule[] = [
  [
    /didn't find section in config file/i,
    "setup",
    "rclone knows no such remote",
    "see `rclone listremotes`; make it with `rclone config`",
  ],
  [
    /unable to decrypt|password|config file.*encrypt/i,
    "setup",
    "rclone's configuration cannot be read",
    "for an encrypted one set RCLONE_CONFIG_PASS or RCLONE_PASSWORD_COMMAND",
  ],
  [
    /no space left|quota|insufficient storage|507/i,
    "disk",
    "the remote has no space left",
    "free some space there and run the same command again",
  ],
  [
    /unauthori[sz]ed|forbidden|permission denied|access denied|invalid_grant|token|couldn't (login|authenticate)|40[13]\b/i,
    "denied",
    "the remote says no",
    "log in again: rclone config reconnect",
  ],
  [
    /connection refused|no such host|network is unreachable|timeout|timed out|connection reset|EOF|50[0234]\b|429/i,
    "unreachable",
    "the remote cannot be reached",
    again,
    { retryable: true, maxRetries: 4 },
  ],
];

/** What rclone said of a request, for people. `text` is the body of its answer, JSON with `error`. */
export function rcloneError(
  status: number,
  text: string,
  { key, remote }: { key: string; remote: string },
): BackendError {
  const said = redactText(wordsOf(text));
  const location = `rclone:${remote}:`;
  if (status === 404 || /^(failed to find object: )?(object|directory) not found$/.test(said))
    return missingError(key, location, new Error(said));
  const [, kind, what, hint, more] = rules.find(([pattern]) => pattern.test(said)) ?? fallback;
  return new BackendError(kind, `${location} ${what} (${key}: ${said})`, {
    ...more,
    path: key,
    hint: kind === "setup" || kind === "disk" ? hint : `${hint}; ${check(remote)}`,
  });
}

const fallback: Rule = [/^/, "unreachable", "rclone could not do it", again, { retryable: true, maxRetries: 2 }];

function wordsOf(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    if (typeof error === "string") return error.slice(0, 500);
  } catch {
    // Not every error is JSON.
  }
  return text.slice(0, 500).trim();
}
