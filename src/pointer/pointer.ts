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
/** A loop of ours over the same bytes runs for long enough, in a checkout of a hundred files, for V8 to begin optimizing its functions. */
const shape = /^version mlgit\/1\noid sha256:[0-9a-f]{64}\nsize [1-9][0-9]*\n$/;
const oidStart = "version mlgit/1\noid sha256:".length;
const oidEnd = oidStart + 64;
const sizeStart = oidEnd + "\nsize ".length;
const leastLength = sizeStart + "1\n".length;
const mostLength = leastLength - 1 + String(Number.MAX_SAFE_INTEGER).length;
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
  if (bytes.length < leastLength || bytes.length > mostLength) return undefined;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = view.toString("latin1");
  if (!shape.test(text)) return undefined;
  const size = Number(text.slice(sizeStart, -1));
  // A piece of `text` would keep all of it in memory.
  return size <= Number.MAX_SAFE_INTEGER ? { oid: view.toString("latin1", oidStart, oidEnd), size } : undefined;
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

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= digit0 && byte <= digit9;
}
