import { isMlgitError, systemCode } from "../../error/mlgit-error.ts";
import { BackendError, missingError } from "../backend-error.ts";

/** Status codes of SFTP version 3. Source: draft-ietf-secsh-filexfer-02, section 7. */
export const status = {
  missing: 2,
  denied: 3,
  failure: 4,
  noConnection: 6,
  connectionLost: 7,
  unsupported: 8,
} as const;

/** The status that a server answered with; undefined for every other error. */
export function statusOf(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "number" ? code : undefined;
}

export interface Doing {
  readonly doing: string;
  readonly key: string;
  readonly location: string;
}

/** An error of a request, for people. Ours pass through. `ambiguous`: the request may have been carried out. */
export function sftpError(error: unknown, { doing, key, location }: Doing, ambiguous = false): unknown {
  if (isMlgitError(error)) return error;
  const what = `cannot ${doing} ${key} at ${location}`;
  const options = { path: key, cause: error };
  switch (statusOf(error)) {
    case status.missing:
      return missingError(key, location, error);
    case status.denied:
      return new BackendError("denied", `${what}: permission denied`, {
        ...options,
        hint: "check owner and mode of the store's folder on the server, or ask who owns it",
      });
    case status.failure:
      return new BackendError("disk", `${what}: the server gives no reason (${messageOf(error)})`, {
        ...options,
        hint: "is its disk full, or a quota used up? try `sftp` by hand; then run the same command again",
      });
    case status.unsupported:
      return new BackendError("unsupported", `${what}: the server does not know this request`, {
        ...options,
        hint: "mlgit is tried with OpenSSH's server",
      });
    default:
      return new BackendError("unreachable", `${what}: ${messageOf(error)}`, {
        ...options,
        hint: "check the network and the server, and run the same command again",
        retryable: true,
        ambiguous,
      });
  }
}

interface ConnectFailure {
  readonly where: string;
  readonly host: string;
  readonly user: string;
  readonly tried: readonly string[];
}

/** Why no connection came about. */
export function connectError(error: unknown, { where, host, user, tried }: ConnectFailure): unknown {
  if (isMlgitError(error)) return error;
  const level = (error as { level?: string }).level;
  if (level === "client-authentication")
    return new BackendError(
      "denied",
      `${where} lets ${user} in with none of: ${tried.join(", ") || "no key was found"}`,
      {
        hint: `does \`ssh ${user}@${host}\` work without a password? a key is loaded into the agent with ssh-add`,
        cause: error,
      },
    );
  const code = systemCode(error);
  const reasons: Readonly<Record<string, string>> = {
    ENOTFOUND: "no such host",
    EAI_AGAIN: "the name cannot be looked up now",
    ECONNREFUSED: "nobody listens there",
    ETIMEDOUT: "no answer",
    EHOSTUNREACH: "there is no way to it",
  };
  return new BackendError("unreachable", `${where} cannot be reached: ${reasons[code ?? ""] ?? messageOf(error)}`, {
    hint: "check the host's name, the port and the network",
    retryable: code !== "ENOTFOUND",
    cause: error,
  });
}

/** The same with the store that it is about: people may have several, whose hosts go by other names in ssh's configuration. */
export function ofStore(error: unknown, location: string): unknown {
  if (!isBackendError(error)) return error;
  const { kind, message, hint, retryable } = error;
  const again = kind === "unreachable" && hint ? "; then run the same command again" : "";
  return new BackendError(kind, `${location}: ${message}`, {
    ...(hint === undefined ? {} : { hint: hint + again }),
    retryable,
    cause: error,
  });
}

/** By name, since tests run in several realms. */
function isBackendError(error: unknown): error is BackendError {
  return isMlgitError(error) && error.name === "BackendError";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
