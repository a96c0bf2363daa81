import type { ErrorKind } from "../error/exit-code.ts";
import { isMlgitError, systemCode } from "../error/mlgit-error.ts";
import { BackendError, type BackendErrorOptions, interruptedError, missingError } from "./backend-error.ts";

/** What an answer means, in words, and what to do. */
export type Rule = readonly [kind: ErrorKind, what: string, hint: string, more?: BackendErrorOptions];

const again = "run the same command again; what was finished is kept";
const network = "check the network and the store's URL";
const certificate = "check the store's URL; for an own certificate authority set NODE_EXTRA_CA_CERTS to its file";
const retryable = { retryable: true };
const fewTries = { retryable: true, maxRetries: 3 };
const access = "ask whoever keeps the place for access";
const refused: Rule = ["unsupported", "the server refused the request", "check the store's URL"];
const busy: Rule = ["unreachable", "the server is busy", again, retryable];

const byStatus: Readonly<Record<number, Rule>> = {
  401: ["denied", "the server wants credentials", access],
  403: ["denied", "the server does not allow it", access],
  407: ["denied", "a proxy wants credentials", access],
  408: busy,
  429: busy,
  501: refused,
  507: ["disk", "the server has no space left", "free some space there and run the same command again"],
};

const byCode: Readonly<Record<string, Rule>> = {
  ENOTFOUND: ["unreachable", "no host has this name", `${network}; is the machine online?`],
  EAI_AGAIN: ["unreachable", "the name server does not answer", network, fewTries],
  ECONNREFUSED: ["unreachable", "nothing answers there", `${network}; is the server running?`, fewTries],
  EHOSTUNREACH: ["unreachable", "the host cannot be reached", network, fewTries],
  ENETUNREACH: ["unreachable", "there is no network", network, fewTries],
  EPROTO: ["unreachable", "the server does not speak TLS there", "is it http:// instead of https://?"],
  ERR_TLS_CERT_ALTNAME_INVALID: ["unreachable", "the certificate is for another host", certificate],
};

/** The error for an answer that is no success. `retryAfter`: the header of that name, seconds or a date (RFC 9110). */
export function statusError(
  status: number,
  { key, location, retryAfter }: { key: string; location: string; retryAfter?: string | undefined },
): BackendError {
  if (status === 404 || status === 410) return missingError(key, location);
  const failed: Rule = ["unreachable", "the server failed", again, retryable];
  const [kind, what, hint, more] = byStatus[status] ?? (status >= 500 ? failed : refused);
  const wait = retryAfter ? delayOf(retryAfter) : 0;
  const message = `${location}: ${what} (${status} for ${key})`;
  return new BackendError(kind, message, { ...more, path: key, hint, ...(wait > 0 ? { retryAfter: wait } : {}) });
}

/** What went wrong where no answer came, or where its body broke off. Ours pass through. */
export function networkError(error: unknown, key: string, location: string): unknown {
  if (isMlgitError(error)) return error;
  const cause = (error as { cause?: unknown } | null)?.cause;
  const code = systemCode(cause) ?? systemCode(error) ?? "";
  if ((error as { name?: unknown } | null)?.name === "AbortError") return interruptedError(key);
  const lost: Rule = ["unreachable", "the connection was lost", again, retryable];
  const [kind, what, hint, more] = networkRule(code) ?? lost;
  const message = `${location}: ${what}${code === "" ? "" : ` (${code})`}`;
  return new BackendError(kind, message, { ...more, path: key, hint, cause: error });
}

/** What a system error means where no answer came; undefined where the connection was lost on the way. */
export function networkRule(code: string): Rule | undefined {
  const untrusted: Rule = ["unreachable", "the server's certificate is not trusted", certificate];
  return (
    (Object.hasOwn(byCode, code) ? byCode[code] : undefined) ?? (/CERT|SIGNATURE/.test(code) ? untrusted : undefined)
  );
}

/** Nothing came for too long. */
export function silentError(key: string, location: string): BackendError {
  const hint = `${network}; ${again}`;
  return new BackendError("unreachable", `${location}: the server does not answer in time`, {
    path: key,
    hint,
    // Each try took a minute without a byte.
    ...fewTries,
  });
}

/** Milliseconds that a Retry-After asks for: seconds or a date, by RFC 9110. Negative for a date that is past. */
export function delayOf(value: string): number {
  const delay = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(delay) ? 0 : delay;
}
