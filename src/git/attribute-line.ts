/*
 * gitattributes(5): each line is `pattern attr1 attr2 …`. Blank lines and lines that begin with `#` are ignored, leading whitespace too. A pattern
 * that begins with a double quote is quoted in C style. `[attr]name …` defines a macro. Patterns that begin with `!` are forbidden.
 */

// Texts here have one character a byte (latin1), so that any file survives; hence no \s, which takes 0xA0 for a space.

export interface AttributeLine {
  /** Unquoted. */
  readonly pattern: string;
  readonly attributes: readonly string[];
}

/** The attributes of a tracked path. `-merge`: two changes to one file conflict and ours stays, since text markers would destroy a pointer. */
export const trackedAttributes: readonly string[] = ["filter=mlgit", "diff=mlgit", "-merge", "-text"];

/** One line without its end, or undefined when it is blank, a comment, a macro or not to be understood. */
export function parseAttributeLine(line: string): AttributeLine | undefined {
  const text = line.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
  if (text === "" || text.startsWith("#") || text.startsWith("[attr]")) return undefined;
  const quoted = /^"((?:[^"\\]|\\.)*)"(?:[ \t]+|$)/.exec(text);
  const rest = quoted ? text.slice(quoted[0].length) : text.replace(/^[^ \t]+[ \t]*/, "");
  const pattern = quoted ? unquote(quoted[1] ?? "") : (/^[^ \t]+/.exec(text)?.[0] ?? "");
  return { pattern, attributes: rest.split(/[ \t]+/).filter((word) => word !== "") };
}

export function formatAttributeLine({ pattern, attributes }: AttributeLine): string {
  return [quotePattern(pattern), ...attributes].join(" ");
}

/** Makes a file's name match itself alone. `name` is relative to the folder of the .gitattributes file. */
export function literalPattern(name: string): string {
  return `/${name.replace(/[*?[\\]/g, "\\$&")}`;
}

/** Quotes a pattern that could not stand as it is; a comment sign is escaped, since quoting does not help there. */
export function quotePattern(pattern: string): string {
  const safe = pattern.startsWith("#") ? `\\${pattern}` : pattern;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must be quoted
  if (!/[ "\x00-\x1f\x7f]/.test(safe)) return safe;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
  return `"${safe.replace(/["\\]/g, "\\$&").replace(/[\x00-\x1f\x7f]/g, octal)}"`;
}

function octal(character: string): string {
  return `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`;
}

const escapes: Readonly<Record<string, string>> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

function unquote(text: string): string {
  return text.replace(/\\([0-3][0-7]{2}|.)/gs, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (escapes[code] ?? code),
  );
}
