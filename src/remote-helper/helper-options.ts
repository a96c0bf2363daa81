/* gitremote-helpers(7), "OPTIONS": `option <name> <value>`, answered by `ok`, `unsupported` or `error <message>`. */

/** What git said by `option` commands. */
export class HelperOptions {
  verbosity = 1;
  progress = false;
  atomic = false;
  dryRun = false;
  cloning = false;
  checkConnectivity = false;
  objectFormat = false;
  /** Something that only a real upload-pack can do was asked for: depth, filter and the like. */
  partial = false;
  readonly leases = new Map<string, string>();

  /** The answer to one option. */
  set(name: string, quoted: string): "ok" | "unsupported" {
    const value = unquote(quoted);
    if (this.#setFlag(name, value === "true") || this.#setValue(name, value)) return "ok";
    if (name === "pushcert") return value === "true" ? "unsupported" : "ok";
    // git has looked after these itself, or they change nothing for us: push options are for hooks of a server.
    return /^(push-option|force-if-includes|followtags|force|family|from-promisor|no-dependents)$/.test(name)
      ? "ok"
      : "unsupported";
  }

  #setFlag(name: string, value: boolean): boolean {
    if (name === "progress") this.progress = value;
    else if (name === "atomic") this.atomic = value;
    else if (name === "dry-run") this.dryRun = value;
    else if (name === "cloning") this.cloning = value;
    else if (name === "check-connectivity") this.checkConnectivity = value;
    else return false;
    return true;
  }

  #setValue(name: string, value: string): boolean {
    if (name === "verbosity") this.verbosity = Number(value);
    else if (name === "cas") this.#setLease(value);
    // git 2.39 sends it without a value.
    else if (name === "object-format") this.objectFormat = true;
    else if (/^(depth|deepen-since|deepen-not|deepen-relative|filter|update-shallow|refetch)$/.test(name))
      this.partial = true;
    else return false;
    return true;
  }

  /** `<ref>:<oid>`, of zeros where the ref must not exist. */
  #setLease(value: string): void {
    const colon = value.lastIndexOf(":");
    this.leases.set(value.slice(0, colon), value.slice(colon + 1).replace(/^0+$/, ""));
  }
}

const escapes: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, "\\": 92 };

/** git's C-style quoting (quote.c), used where a value has a space, a quote, a control character or, as bytes in octal, anything beyond ASCII. */
export function unquote(text: string): string {
  if (!/^".*"$/s.test(text)) return text;
  const bytes: Buffer[] = [];
  for (const [, octal, letter, plain] of text.slice(1, -1).matchAll(/\\([0-3][0-7]{2})|\\(.)|([^\\]+)/gs))
    if (octal !== undefined) bytes.push(Buffer.of(Number.parseInt(octal, 8)));
    else if (letter !== undefined) bytes.push(Buffer.of(escapes[letter] ?? letter.charCodeAt(0)));
    else bytes.push(Buffer.from(plain ?? ""));
  return Buffer.concat(bytes).toString("utf8");
}

/** What comes before the first separator, and after it. */
export function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}
