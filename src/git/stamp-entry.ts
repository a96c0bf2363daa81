import { lstatSync } from "node:fs";
import type { FileState } from "../util/file-state.ts";
import type { StampRows } from "./stamp-rows.ts";

/** Drops the rows whose files are not what was written any more; returns how many are left. */
export function keepAsWritten(workTree: string, rows: StampRows): number {
  const top = Buffer.from(`${workTree}/`);
  let left = 0;
  let row = 0;
  for (const { path, stat } of rows) {
    const now = asWritten(Buffer.concat([top, path]), stat);
    if (!now) rows.drop(row);
    else left++;
    if (now && now !== stat) rows.setState(row, now);
    row++;
  }
  return left;
}

/**
 * The stat to stamp. A file with several links gets another change time whenever a link comes or goes, so there the present one counts.
 * The quick look is exact to a microsecond, while an edit moves the time by more than two seconds (see PlaceBatch.mtime).
 */
function asWritten(file: Buffer, stat: FileState): FileState | undefined {
  const now = lstatSync(file, { throwIfNoEntry: false });
  if (!now?.isFile() || now.ino !== Number(stat.ino) || now.dev !== Number(stat.dev) || now.size !== Number(stat.size))
    return undefined;
  if (!isSameTime(now.mtimeMs, stat.mtimeNs)) return undefined;
  if (isSameTime(now.ctimeMs, stat.ctimeNs)) return stat;
  if (now.nlink === 1 && stat.nlink === 1n) return undefined;
  const exact = lstatSync(file, { bigint: true, throwIfNoEntry: false });
  return exact?.ino === stat.ino && exact.size === stat.size && exact.mtimeNs === stat.mtimeNs ? exact : undefined;
}

function isSameTime(milliseconds: number, nanoseconds: bigint): boolean {
  return Math.abs(milliseconds - Number(nanoseconds) / 1e6) < 0.001;
}
