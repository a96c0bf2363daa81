const secretKey =
  /pass(word|phrase)?$|secret|token|authorization|credential|private.?key|access.?key|signature|cookie/i;
const userInfo = /\b([a-z][a-z0-9+.-]*:\/\/)[^/\s@]+@/gi;
const secretParameter =
  /([?&](?:x-amz-(?:signature|credential|security-token)|sig|signature|token|key|password)=)[^&\s"']+/gi;

/** Text without what a URL may carry of credentials: user and password, signatures of presigned requests. */
export function redactText(text: string): string {
  return text.replace(userInfo, "$1***@").replace(secretParameter, "$1***");
}

/** A copy of plain data in which values under secret-sounding names are `***` and every text went through {@link redactText}. */
export function redactValue(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value !== "object" || value === null) return typeof value === "bigint" ? String(value) : value;
  if (depth > 8) return "…";
  if (value instanceof Error) return errorFields(value, depth);
  if (Array.isArray(value)) return value.map((one) => redactValue(one, depth + 1));
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, secretKey.test(key) ? "***" : redactValue(one, depth + 1)]),
  );
}

function errorFields(error: Error, depth: number): Record<string, unknown> {
  const { kind, path, oid, code } = error as { kind?: unknown; path?: unknown; oid?: unknown; code?: unknown };
  const known = { message: error.message, stack: error.stack, kind, path, oid, code, cause: error.cause };
  const present = Object.entries(known).filter(([, one]) => one !== undefined);
  return Object.fromEntries(present.map(([key, one]) => [key, redactValue(one, depth + 1)]));
}
