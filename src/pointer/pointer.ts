/** What a pointer says. Format: docs/format/pointer.md. */
export interface Pointer {
  /** SHA-256 of the content: 64 lower-case hex digits, without the `sha256:` prefix. */
  readonly oid: string;
  /** Length of the content in bytes: 1 to 2^53 − 1. */
  readonly size: number;
}

/** Content of this many bytes or more is never a pointer, of any version. */
export const pointerLimit = 1024;

const family = Buffer.from("version mlgit/");
const beforeOid = Buffer.from("version mlgit/1\noid sha256:");
const beforeSize = Buffer.from("\nsize ");
const oidStart = beforeOid.length;
const oidEnd = oidStart + 64;
const sizeStart = oidEnd + beforeSize.length;
const mostDigits = String(Number.MAX_SAFE_INTEGER).length;
const lineFeed = 0x0a;
const digit0 = 0x30;
const digit9 = 0x39;

/** The text of a pointer. The caller vouches for the shape of `oid` and `size`. */
export function formatPointer(pointer: Pointer): Buffer {
  return Buffer.from(`version mlgit/1\noid sha256:${pointer.oid}\nsize ${pointer.size}\n`, "latin1");
}

/**
 * The pointer these bytes are, or undefined when they are anything else. Only the exact text that `formatPointer`
 * writes is taken. Decides by length first, so that asking it about any file costs next to nothing.
 */
export function parsePointer(bytes: Uint8Array): Pointer | undefined {
  const end = bytes.length - 1;
  if (end <= sizeStart || end > sizeStart + mostDigits || bytes[end] !== lineFeed) return undefined;
  if (!matchesAt(bytes, 0, beforeOid) || !isHex(bytes, oidStart, oidEnd)) return undefined;
  if (!matchesAt(bytes, oidEnd, beforeSize)) return undefined;
  const size = decimalAt(bytes, sizeStart, end);
  if (size === undefined) return undefined;
  return { oid: Buffer.from(bytes.buffer, bytes.byteOffset + oidStart, 64).toString("latin1"), size };
}

/**
 * True for the pointer of a version this program does not know: shorter than `pointerLimit`, and the first line is
 * `version mlgit/` and a number other than 1. Such bytes pass through unchanged and are reported.
 */
export function isUnknownPointer(bytes: Uint8Array): boolean {
  if (bytes.length >= pointerLimit || !matchesAt(bytes, 0, family)) return false;
  let end = family.length;
  while (isDigit(bytes[end])) end++;
  const digits = end - family.length;
  const ended = end === bytes.length || bytes[end] === lineFeed;
  return ended && digits > 0 && !(digits === 1 && bytes[family.length] === digit0 + 1);
}

function matchesAt(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  if (bytes.length < at + text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}

function isHex(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    if (!(isDigit(byte) || (byte >= 0x61 && byte <= 0x66))) return false;
  }
  return true;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= digit0 && byte <= digit9;
}

/** A positive decimal without leading zeros that a number holds exactly. */
function decimalAt(bytes: Uint8Array, from: number, to: number): number | undefined {
  if (bytes[from] === digit0) return undefined;
  let value = 0;
  for (let i = from; i < to; i++) {
    if (!isDigit(bytes[i])) return undefined;
    value = value * 10 + ((bytes[i] as number) - digit0);
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : undefined;
}
