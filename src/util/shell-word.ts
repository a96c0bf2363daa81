/** A word for a command that people copy into their shell: bytes that a terminal or UTF-8 does not have are written as bash and zsh read them. */
export function shellWord(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  if (!Buffer.from(text).equals(bytes) || /\p{Cc}/u.test(text)) return `$'${escaped(bytes)}'`;
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function escaped(bytes: Buffer): string {
  return [...bytes].map((byte) => (isPlain(byte) ? String.fromCharCode(byte) : octal(byte))).join("");
}

/** ASCII that can be seen, but quote and backslash. */
function isPlain(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f && byte !== 0x27 && byte !== 0x5c;
}

function octal(byte: number): string {
  return `\\${byte.toString(8).padStart(3, "0")}`;
}
