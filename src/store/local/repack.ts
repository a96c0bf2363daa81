import { hash } from "node:crypto";
import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import { isMlgitError, systemCode } from "../../error/mlgit-error.ts";
import { removeAbandoned, takeLock } from "../../util/owner-lock.ts";
import { packLimit } from "../pack/pack-format.ts";
import { readPlain } from "../plain-file.ts";
import type { CacheLayout } from "./layout.ts";
import type { PackFolder } from "./pack-folder.ts";
import type { SealedPack } from "./sealed-pack.ts";

/** Packs of a cache above which the small ones become one: each `git add` leaves one, and every look-up asks each. */
const packsBeforeMerge = 64;
/** A pack of so many bytes or entries is no small one: of tiny files each is full long before it is large, and would be written again by every merge. */
const mergeBelow = { bytes: 16 << 20, entries: packLimit.entries / 2 };

/** The verified contents of a pack that are wanted. Throws kind `corrupt` at the first that is damaged. */
export function* contentsOfPack(
  pack: SealedPack,
  wants: (oid: string) => boolean,
): Iterable<{ readonly oid: string; readonly content: Buffer }> {
  for (const oid of pack.oids()) {
    const found = wants(oid) ? pack.read(oid) : undefined;
    if (found && hash("sha256", found.content, "hex") === oid) yield { oid, content: found.content };
    else if (wants(oid)) throw pack.damaged(`the bytes of sha256:${oid} do not match their hash`);
  }
}

/** What merging needs of a cache's small files. */
interface Mergeable {
  readonly packs: PackFolder;
  copyFrom(
    names: readonly string[],
    contents: Iterable<{ readonly oid: string; readonly content: Uint8Array }>,
  ): string | undefined;
}

/** The packs to merge, smallest first; none while there are few. */
function packsToMerge({ packs }: Mergeable): SealedPack[] {
  const all = [...packs.sealed().values()];
  if (all.length <= packsBeforeMerge) return [];
  return all.filter(({ bytes, count }) => bytes < mergeBelow.bytes && count < mergeBelow.entries);
}

/** Makes one pack of many small ones. Housekeeping: what goes wrong is left for another time. */
export function mergePacks(small: Mergeable, layout: CacheLayout): void {
  const chosen = packsToMerge(small);
  if (chosen.length < 2 || !lock(layout)) return;
  const names = chosen.map((pack) => basename(pack.path));
  try {
    small.copyFrom(names, contentsOfAll(chosen));
    // The index last: without it a pack looks damaged.
    for (const { path } of chosen) for (const one of [path, path.replace(/pack$/, "idx")]) rmSync(one, { force: true });
  } catch (error) {
    if (!isMlgitError(error) && systemCode(error) === undefined) throw error;
  } finally {
    rmSync(lockOf(layout), { force: true });
    small.packs.stale();
  }
}

function* contentsOfAll(packs: readonly SealedPack[]) {
  for (const pack of packs) yield* contentsOfPack(pack, () => true);
}

function lock(layout: CacheLayout): boolean {
  if (takeLock(lockOf(layout))) return true;
  try {
    // Throws for what is no file. Once it is free, the next one merges.
    readPlain(lockOf(layout));
    removeAbandoned(lockOf(layout));
  } catch {
    // It is free, or in somebody's way: this is no time to say so.
  }
  return false;
}

function lockOf(layout: CacheLayout): string {
  return join(layout.journal, "merging");
}
