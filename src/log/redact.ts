const secretKey =
  /pass(word|phrase)?$|secret|token|authorization|credential|private.?key|access.?key|signature|cookie/i;
const userInfo = /\b([a-z][a-z0-9+.-]*:\/\/)[^/\s@]+@/gi;
const secretParameter =
  /([?&](?:x-amz-(?:signature|credential|security-token)|sig|signature|token|key|password)=)[^&\s"']+/gi;

const secretWord = "(?:pass(?:word|wd|phrase)|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)";
/** `--api-key abc`, `--token=abc`, `AWS_SECRET_ACCESS_KEY=abc`, `"password": "abc"`; not `--max-tokens 512`. */
const namedSecret = new RegExp(
  `((?:^|[\\s"';(])(?:--?[\\w-]*${secretWord}(?:=|\\s+)|[\\w.]*${secretWord}["']?\\s*[=:]\\s*))("[^"]*"|'[^']*'|[^\\s"';,)]+)`,
  "gi",
);
/** `curl -u me:abc`, `curl --proxy-user=me:abc`; other programs mean other things by `-u`. */
const curl = /\bcurl\b[^|;&\n]*/g;
const userOption = /((?:^|\s)(?:-[uU]\s*|--(?:proxy-)?user(?:=|\s+))["']?[^\s:"'/]+:)[^\s"']+/g;
const secretOption = new RegExp(`^--?[\\w-]*${secretWord}$`, "i");
const secretName = new RegExp(`${secretWord}$`, "i");
/** Keys that give themselves away: AWS, GitHub, GitLab, Slack, OpenAI, Hugging Face, Google, JSON web tokens. */
const knownShape =
  /\b(?:A(?:KIA|SIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}|sk-[\w-]{20,}|hf_[A-Za-z0-9]{30,}|AIza[\w-]{35}|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+)/g;

/** Text without credentials: of URLs, after names that say secret, and of well-known shapes. */
export function redactText(text: string): string {
  return text
    .replace(userInfo, "$1***@")
    .replace(secretParameter, "$1***")
    .replace(namedSecret, "$1***")
    .replace(curl, (command) => command.replace(userOption, "$1***"))
    .replace(knownShape, "***");
}

const password = /\b([a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:)[^/\s@]+@/gi;

/** Data as it is but for passwords in its URLs: for what shows a user's own settings, which may be put into a report. */
export function hidePasswords<T>(value: T): T {
  if (typeof value === "string") return value.replace(password, "$1***@") as T;
  if (Array.isArray(value)) return value.map(hidePasswords) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, hidePasswords(one)])) as T;
}

/** The words of a command, each as {@link redactText}; what follows an option that says secret is gone. */
export function redactWords(words: readonly string[]): string[] {
  const isCurl = words.some((word) => /(?:^|\/)curl$/.test(word));
  return words.map((word, i) => {
    const before = words[i - 1] ?? "";
    if (secretOption.test(before)) return "***";
    const isUser = isCurl && /^(?:-[uU]|--(?:proxy-)?user)$/.test(before);
    const known = isUser ? word.replace(/^([^:]+:).+$/s, "$1***") : word;
    return redactText(isCurl ? `curl ${known}` : known).slice(isCurl ? "curl ".length : 0);
  });
}

/** Parameters by dotted names, without secrets. Numbers are none, whatever they are called: `max_token`. */
export function redactParameters<T>(parameters: Readonly<Record<string, T>>): Record<string, T | string> {
  const safe = ([name, value]: [string, T]) => {
    if (typeof value === "number" || typeof value === "boolean" || value === null) return [name, value];
    return [name, secretName.test(name) ? "***" : redactStrings(value)];
  };
  return Object.fromEntries(Object.entries(parameters).map(safe));
}

function redactStrings(value: unknown): unknown {
  if (typeof value === "string") return redactText(value);
  if (Array.isArray(value)) return value.map(redactStrings);
  return typeof value === "object" && value !== null ? redactParameters(value as Record<string, unknown>) : value;
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
