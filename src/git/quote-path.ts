const named: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  '"': '\\"',
  "\\": "\\\\",
};
const odd = /[\p{Cc}"\\]/u;

/**
 * A path for people: quoted as git does (quote.c) when it holds bytes that would confuse a terminal. Letters that are not ASCII stay as they are, as with
 * core.quotePath off, unless the path is no UTF-8.
 */
export function quotePath(path: Buffer): string {
  const text = path.toString("utf8");
  if (!Buffer.from(text).equals(path)) return `"${escapeBytes(path)}"`;
  if (!odd.test(text)) return text;
  return `"${[...text].map((letter) => (odd.test(letter) ? escapeBytes(Buffer.from(letter)) : letter)).join("")}"`;
}

function escapeBytes(bytes: Buffer): string {
  return [...bytes.toString("latin1")].map((byte) => named[byte] ?? (/[ -~]/.test(byte) ? byte : octal(byte))).join("");
}

function octal(byte: string): string {
  return `\\${byte.charCodeAt(0).toString(8).padStart(3, "0")}`;
}
