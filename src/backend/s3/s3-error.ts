import { isMlgitError, systemCode } from "../../error/mlgit-error.ts";
import { BackendError, interruptedError } from "../backend-error.ts";
import type { StoreAdvice } from "../store-advice.ts";
import { again, byCode, byStatus, bySystem, lost, notS3, type Rule, slow } from "./s3-error-table.ts";

/** What an error message may name. */
export interface S3Place {
  readonly bucket: string;
  /** `at http://…`, or `at AWS`. */
  readonly where: string;
  /** Whose credentials were looked for, when it was said. */
  readonly profile?: string | undefined;
  /** The permission that the request takes. */
  readonly action?: string;
  readonly advice?: StoreAdvice;
}

interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: unknown;
  readonly Code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> };
}

/** What went wrong with a request, for people, and whether trying again makes sense. Ours pass through. */
export function s3Error(error: unknown, key: string, place: S3Place): unknown {
  if (isMlgitError(error)) return error;
  const failure = error as SdkError;
  if (failure.name === "AbortError") return interruptedError(key);
  const [kind, what, hint, more] = ruleFor(failure);
  const about = kind === "missing" ? key : `bucket ${place.bucket} ${place.where}`;
  return new BackendError(
    kind,
    `${about}: ${what}${whose(failure, place)}${which(what, key || place.bucket, place)}${detail(failure)}`,
    {
      ...more,
      path: key,
      hint: `${hint}${adviceOn(what, place)}`,
      ...retryAfter(failure),
      cause: withoutSecrets(failure),
    },
  );
}

/** A success that no S3 server would report in this way: a web server, a proxy's or a hotel's sign-in page. */
export function notS3Error(key: string, place: S3Place): BackendError {
  const [kind, what, hint] = notS3;
  return new BackendError(kind, `bucket ${place.bucket} ${place.where}: ${what}`, { path: key, hint });
}

function ruleFor(error: SdkError): Rule {
  const status = statusOf(error);
  const code = codeOf(error);
  const known = own(byCode, code) ?? (status === undefined ? own(bySystem, networkCode(error)) : own(byStatus, status));
  if (known) return known;
  if (status === undefined) return networkRule(error);
  if (status >= 500) return byCode.InternalError as Rule;
  if (status < 300) return notS3;
  return ["unsupported", "the server refused the request", "check the endpoint and docs/backend/s3.md"];
}

/** A profile that does not exist has no credentials: its name shows that it is misspelt. */
function whose(error: SdkError, { profile }: S3Place): string {
  return profile && codeOf(error) === "CredentialsProviderError" ? ` for the profile ${profile}` : "";
}

/** Of the permissions that a store needs, the one that lacks. */
function which(what: string, key: string, { action }: S3Place): string {
  return action !== undefined && what === byCode.AccessDenied?.[1] ? ` to ${action} on ${key}` : "";
}

/** A bucket that is not there can be made; a server that is not found may be another than AWS. */
function adviceOn(what: string, { advice }: S3Place): string {
  if (advice && what === byCode.NoSuchBucket?.[1]) return `, or make it: ${advice.create}`;
  const isUnknown = [bySystem.ENOTFOUND?.[1], bySystem.EAI_AGAIN?.[1]].includes(what);
  return advice?.endpoint && isUnknown ? `; if the bucket is not at AWS, name its server: ${advice.endpoint}` : "";
}

/** A code is the server's text: `constructor` must not find anything. */
function own(table: Readonly<Record<string, Rule>>, key: string | number = ""): Rule | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function networkRule(error: SdkError): Rule {
  const text = `${error.name} ${error.message}`;
  if (networkCode(error) === undefined && text.includes("TimeoutError")) return slow;
  const isLost = networkCode(error) !== undefined || /socket|network|aborted|premature/i.test(text);
  return isLost ? lost : ["internal", "the request failed", again];
}

/** `ECONNRESET` and the like; the SDK hands some on in the text only. */
function networkCode(error: SdkError): string | undefined {
  return systemCode(error) ?? /\bE[A-Z_]{4,}\b/.exec(error.message ?? "")?.[0];
}

function codeOf(error: SdkError): string {
  return typeof error.Code === "string" ? error.Code : (error.name ?? "");
}

function statusOf(error: SdkError): number | undefined {
  return error.$metadata?.httpStatusCode ?? error.$response?.statusCode;
}

/** Status and code let somebody who runs the server look it up. */
function detail(error: SdkError): string {
  const parts = [statusOf(error), codeOf(error), networkCode(error)].filter(
    (part) => part && !/^(Error|Unknown.*)$/.test(`${part}`),
  );
  return parts.length > 0 ? ` (${[...new Set(parts)].join(" ")})` : "";
}

/** Seconds or a date, by RFC 9110. */
function retryAfter(error: SdkError): { retryAfter?: number } {
  const value = error.$response?.headers?.["retry-after"];
  if (!value) return {};
  const delay = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return delay > 0 ? { retryAfter: delay } : {};
}

/** The SDK's error carries the whole answer, which may repeat what was signed and with which key. */
function withoutSecrets(error: SdkError): Error {
  const copy = new Error(error.message ?? "no message");
  copy.name = error.name ?? "Error";
  return copy;
}
