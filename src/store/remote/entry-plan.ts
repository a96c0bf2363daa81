import type { PackTable } from "../pack/pack-table.ts";

/** Bytes between two wanted entries that are fetched and thrown away rather than paying for another request. */
const gapLimit = 512 << 10;
/** Longest range of one request, unless one entry is longer: where little is to come more requests, and where much is to come fewer, whose cost counts then. */
const rangeLimit = { least: 8 << 20, most: 32 << 20 } as const;
/** Of ranges: so many requests for what is to come keep all connections busy to the end. */
const worthRanges = 16;
/** Largest pack that is fetched before its table is known. */
const wholeLimit = 8 << 20;
/** Part of a pack above which all of it is fetched. */
const wholeShare = 0.6;

/** Neighbouring entries that one request brings: bytes `start` ≤ i < `end` of the pack. */
export interface EntryRange {
  readonly start: number;
  readonly end: number;
  readonly entries: readonly number[];
}

/** How long a range may be where so many bytes are to come. */
export function longestRange(bytes: number): number {
  return Math.min(rangeLimit.most, Math.max(rangeLimit.least, bytes / worthRanges));
}

/** Groups entries (ascending) into as few ranges as pays off. */
export function planRanges(table: PackTable, entries: readonly number[], longest: number): EntryRange[] {
  const gap = entries.length > wholeShare * table.count ? wholeLimit : gapLimit;
  const ranges: { start: number; end: number; entries: number[] }[] = [];
  for (const entry of entries) {
    const start = table.offset(entry);
    const end = start + table.storedLength(entry);
    const last = ranges.at(-1);
    if (last && start - last.end <= gap && end - last.start <= longest) {
      last.end = end;
      last.entries.push(entry);
    } else ranges.push({ start, end, entries: [entry] });
  }
  return ranges;
}

/** Whether to fetch the whole pack by one request, judged by the share of its entries that is wanted (lengths are not known yet). */
export function wantsWhole(pack: { readonly size: number; readonly count: number }, wanted: number): boolean {
  return pack.size <= gapLimit || (pack.size <= wholeLimit && wanted > wholeShare * pack.count);
}
