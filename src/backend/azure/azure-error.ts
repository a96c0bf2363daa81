import { isMlgitError, systemCode } from "../../error/mlgit-error.ts";
import { BackendError, interruptedError } from "../backend-error.ts";
import type { StoreAdvice } from "../store-advice.ts";
import { delayOf, networkRule, type Rule } from "../web-error.ts";
import type { AzureConfig } from "./azure-config.ts";
import {
  byCode,
  byStatus,
  clock,
  early,
  expired,
  lacksRight,
  lost,
  noSuchAccount,
  notAzure,
  slow,
} from "./azure-error-table.ts";
import type { AzureLogin } from "./azure-login.ts";

/** What an error message may name, and what a signature says of itself. */
export interface AzurePlace {
  readonly container: string;
  readonly account: string;
  readonly endpoint: string;
  readonly advice: StoreAdvice;
  /** Milliseconds since 1970 between which a SAS is valid, where it says so. */
  readonly valid: { readonly from: number; readonly until: number };
}

export interface Failed {
  readonly key: string;
  readonly place: AzurePlace;
  /** What the request needs leave for, as a signature's rights are called. */
  readonly right?: string;
  readonly signal?: AbortSignal | undefined;
}

interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: unknown;
  readonly statusCode?: number;
  readonly response?: { readonly status?: number; readonly headers?: { get(name: string): string | undefined } };
}

/** Azure refuses what was signed more than 15 minutes ago; nobody's clock is that wrong for good reason. */
const mostSkew = 10 * 60_000;

export function azurePlace(
  { container, advice }: Pick<AzureConfig, "container" | "advice">,
  { account, endpoint, credential }: AzureLogin,
): AzurePlace {
  const fields = new URLSearchParams(credential.kind === "sas" ? credential.token : "");
  const at = (field: string, otherwise: number) => {
    const time = Date.parse(fields.get(field) ?? "");
    return Number.isNaN(time) ? otherwise : time;
  };
  return { container, account, endpoint, advice, valid: { from: at("st", -Infinity), until: at("se", Infinity) } };
}

/** What went wrong with a request, for people, and whether trying again makes sense. Ours pass through. */
export function azureError(error: unknown, { key, place, right, signal }: Failed): unknown {
  if (isMlgitError(error)) return error;
  if (signal?.aborted) return interruptedError(key);
  const failure = error as SdkError;
  const [kind, what, hint, more] = ruleFor(failure, place);
  const about = kind === "missing" ? key : where(place);
  const denied = right !== undefined && lacksRight.has(what) ? ` to ${right} ${key}` : "";
  return new BackendError(kind, `${about}: ${what}${denied}${detail(failure)}`, {
    ...more,
    path: key,
    hint: what === byCode.ContainerNotFound?.[1] ? `${hint}, or make it: ${place.advice.create}` : hint,
    ...retryAfter(failure),
    cause: withoutSecrets(failure),
  });
}

/** A success that Azure would not report in this way: a web server, a proxy's or a hotel's sign-in page. */
export function notAzureError(key: string, place: AzurePlace): BackendError {
  const [kind, what, hint] = notAzure;
  return new BackendError(kind, `${where(place)}: ${what}`, { path: key, hint });
}

function where({ container, account, endpoint }: AzurePlace): string {
  return `container ${container} in storage account ${account} at ${endpoint}`;
}

function ruleFor(error: SdkError, place: AzurePlace): Rule {
  const status = statusOf(error);
  if (status === undefined) return networkFailure(error);
  if (status === 403 || status === 401) return timeRule(error, place) ?? known(error, status);
  return known(error, status);
}

/** A code is the server's text: `constructor` must not find anything. */
function known(error: SdkError, status: number): Rule {
  const code = codeOf(error);
  if (Object.hasOwn(byCode, code)) return byCode[code] as Rule;
  if (status < 300) return isCutOff(error) ? lost : notAzure;
  if (status >= 500) return byStatus[status] ?? (byCode.InternalError as Rule);
  return byStatus[status] ?? (byStatus[400] as Rule);
}

/** Is a refusal one of time? Then the server's clock says so, and everything that it says beside it misleads. */
function timeRule(error: SdkError, { valid }: AzurePlace): Rule | undefined {
  const now = Date.parse(error.response?.headers?.get("date") ?? "");
  if (Number.isNaN(now)) return undefined;
  if (now >= valid.until) return expired;
  if (now < valid.from) return early;
  return Math.abs(now - Date.now()) > mostSkew ? clock : undefined;
}

function networkFailure(error: SdkError): Rule {
  const code = networkCode(error);
  if (code === "ETIMEDOUT") return slow;
  if (code === "ENOTFOUND") return noSuchAccount;
  // What the library itself finds wrong with an answer, such as one without a length.
  if (error.name === "RangeError") return notAzure;
  return networkRule(code) ?? lost;
}

/** The library cannot tell XML that ended early from something that never was XML. */
function isCutOff({ message = "" }: SdkError): boolean {
  return /^Error reading response as text/.test(message);
}

function networkCode(error: SdkError): string {
  const code = systemCode(error) ?? "";
  return /^E[A-Z_]{3,}$|CERT|SIGNATURE|^ERR_/.test(code)
    ? code
    : (/\bE[A-Z_]{4,}\b/.exec(error.message ?? "")?.[0] ?? "");
}

/** A HEAD has no body; the header is there all the same. */
function codeOf(error: SdkError): string {
  const header = error.response?.headers?.get("x-ms-error-code");
  return header ?? (typeof error.code === "string" ? error.code : "");
}

function statusOf(error: SdkError): number | undefined {
  return error.statusCode ?? error.response?.status;
}

/** Status and code let somebody who runs the server look it up. */
function detail(error: SdkError): string {
  const status = statusOf(error);
  const parts = status === undefined ? [networkCode(error)] : [status, codeOf(error)];
  const shown = parts.filter(Boolean);
  return shown.length > 0 ? ` (${shown.join(" ")})` : "";
}

function retryAfter(error: SdkError): { retryAfter?: number } {
  const value = error.response?.headers?.get("retry-after");
  const delay = value ? delayOf(value) : 0;
  return delay > 0 ? { retryAfter: delay } : {};
}

/** The library's error carries the request with its signature, and the server's answer what was signed. */
function withoutSecrets(error: SdkError): Error {
  const copy = new Error(`${statusOf(error) ?? ""} ${codeOf(error)}`.trim() || "no answer");
  copy.name = error.name ?? "Error";
  return copy;
}
