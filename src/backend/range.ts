import type { ByteRange } from "./backend.ts";
import { BackendError, shortError } from "./backend-error.ts";

/** Half open, both ends known. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * What a range means for an object of `size` bytes. A suffix longer than the object is the whole object, as in HTTP.
 * @throws BackendError kind `corrupt` when the object ends before the range does, `internal` for a range that makes no sense.
 */
export function spanOf(range: ByteRange | undefined, size: number, path: string): Span {
  if (range === undefined) return { start: 0, end: size };
  checkRange(range, path);
  if (range.start < 0) return { start: Math.max(0, size + range.start), end: size };
  const end = range.end ?? size;
  if (end > size || range.start > size)
    throw shortError(path, Math.max(end, range.start) - range.start, Math.max(0, size - range.start));
  return { start: range.start, end };
}

/** @throws BackendError kind `internal`: the caller's mistake. */
export function checkRange(range: ByteRange, path: string): void {
  const { start, end } = range;
  const whole = Number.isSafeInteger(start) && (end === undefined || Number.isSafeInteger(end));
  if (whole && (end === undefined || (start >= 0 && end >= start))) return;
  throw new BackendError("internal", `impossible range ${start}..${end ?? ""} of ${path}`, { path });
}
