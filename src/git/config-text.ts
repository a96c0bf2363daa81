const section = /^[ \t]*\[([A-Za-z0-9-]+)(?:[ \t]+"([^"\\\n]*)")?\][ \t]*$/;
const variable = /^[ \t]*([A-Za-z][A-Za-z0-9-]*)[ \t]*(?:=(.*))?$/;
const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", b: "\b", '"': '"', "\\": "\\" };

/**
 * The variables of a configuration file as `git config -z --list` prints them (git-config(1), "Syntax"): key LF value NUL, or the key
 * alone for one without a value. Undefined when something in it is rare: a value over several lines, a section with a dot or an escape
 * in its name, a tab inside of a value, which git's versions read differently, or what git would refuse.
 */
export function listConfig(text: string): string | undefined {
  if (/[\r\0\ufeff]/.test(text)) return undefined;
  let prefix: string | undefined;
  let list = "";
  for (const line of text.split("\n")) {
    if (/^[ \t]*([#;]|$)/.test(line)) continue;
    const head = section.exec(line);
    if (head) {
      prefix = `${head[1]?.toLowerCase()}.${head[2] === undefined ? "" : `${head[2]}.`}`;
      continue;
    }
    const entry = entryOf(line);
    if (prefix === undefined || entry === undefined) return undefined;
    list += `${prefix}${entry}\0`;
  }
  return list;
}

function entryOf(line: string): string | undefined {
  const [, name, rest] = variable.exec(line) ?? [];
  if (name === undefined) return undefined;
  if (rest === undefined) return name.toLowerCase();
  const value = parseValue(rest);
  return value === undefined ? undefined : `${name.toLowerCase()}\n${value}`;
}

/** git's parse_value (config.c) for one line. */
function parseValue(text: string): string | undefined {
  const trimmed = text.replace(/^[ \t]+|[ \t]+$/g, "");
  if (!/["\\#;\t]/.test(trimmed)) return trimmed;
  let value = "";
  let space = "";
  let quoted = false;
  for (const [char, escaped] of trimmed.matchAll(/\\(.?)|[^\\]/g)) {
    if (!quoted && /[#;]/.test(char)) break;
    if (!quoted && char === " ") {
      if (value !== "") space += char;
      continue;
    }
    value += space;
    space = "";
    const meant = escaped === undefined ? char : escapes[escaped];
    if (meant === undefined || char === "\t") return undefined;
    if (char === '"') quoted = !quoted;
    else value += meant;
  }
  return quoted ? undefined : value;
}
