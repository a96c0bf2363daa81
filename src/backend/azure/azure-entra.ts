import type { DefaultAzureCredential } from "@azure/identity";
import { MlgitError } from "../../error/mlgit-error.ts";
import { BackendError, checkSignal, interruptedError } from "../backend-error.ts";

type TokenArguments = Parameters<DefaultAzureCredential["getToken"]>;
type TokenSource = Pick<DefaultAzureCredential, "getToken">;

const howToLogIn =
  "set AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, or log in: az login";

/** Azure's login chain, whose errors become one. `unused`: what was set and is another account's. */
export async function entraCredential(account: string, unused: string | undefined): Promise<TokenSource> {
  const { DefaultAzureCredential } = await import("@azure/identity");
  const chain = open(() => new DefaultAzureCredential());
  return {
    getToken: async (...[scopes, options]: TokenArguments) => {
      const signal = options?.abortSignal as AbortSignal | undefined;
      checkSignal(signal);
      try {
        return await untilAborted(chain.getToken(scopes, options), signal);
      } catch (error) {
        if (signal?.aborted) throw interruptedError();
        throw loginError(error, account, unused);
      }
    },
  };
}

function open<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new MlgitError("setup", `Azure's login chain cannot be used: ${firstLine(error)}`, {
      hint: "correct AZURE_TOKEN_CREDENTIALS, or unset it",
    });
  }
}

/** Some links of the chain are programs that know no signal. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(interruptedError());
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/**
 * Where no link of the chain has anything, its text names them all, over many lines, and that is no news. Another error is of a link that had
 * credentials.
 */
function loginError(error: unknown, account: string, unused: string | undefined): BackendError {
  const text = (error as Error).message;
  const hint = unused === undefined ? howToLogIn : `${unused}; ${howToLogIn}`;
  const about = `storage account ${account}`;
  if (/^(AggregateAuthentication|CredentialUnavailable)Error$/.test((error as Error).name))
    return new BackendError("denied", `${about}: no credentials were found`, { hint });
  const lost = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|network_error)\b/.exec(text)?.[0];
  if (lost !== undefined)
    return new BackendError("unreachable", `${about}: Azure's login service cannot be reached (${lost})`, {
      hint: "check the network",
      retryable: true,
      maxRetries: 3,
    });
  const code = /AADSTS\d+/.exec(text)?.[0] ?? firstLine(error);
  return new BackendError("denied", `${about}: Azure refuses the login (${code})`, { hint });
}

function firstLine(error: unknown): string {
  return (error as Error).message.split("\n")[0] ?? "";
}
