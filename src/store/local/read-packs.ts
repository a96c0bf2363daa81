import { systemCode } from "../../error/mlgit-error.ts";
import { readPlace } from "./open-folder.ts";
import type { PackFolder } from "./pack-folder.ts";
import type { PackedContent, SealedPack } from "./sealed-pack.ts";
import { isUnreadable } from "./unread-files.ts";

/**
 * A file of a finished pack, not yet verified.
 * @throws MlgitError kinds `disk` and `denied` when the system gives no pack that has it; those are given up.
 */
export function readSealed(oid: string, packs: PackFolder): PackedContent | undefined {
  const read = () => readFrom(packs.find(oid), oid, packs);
  return orAgain(read, read, packs);
}

/** The same of a pack that another process writes. */
export function readForeign(oid: string, packs: PackFolder): PackedContent | undefined {
  const found = packs.findForeign(oid);
  return orAgain(
    () => found && readPlace(found.dataPath, found.place),
    // Its owner finished it a moment ago.
    () => packs.find(oid)?.read(oid),
    packs,
  );
}

/** Or from another pack, when the system does not give this one. */
function readFrom(pack: SealedPack | undefined, oid: string, packs: PackFolder): PackedContent | undefined {
  try {
    return pack?.read(oid);
  } catch (error) {
    if (!pack || !isUnreadable(error)) throw error;
    const unread = packs.giveUp(pack, error);
    const other = readFrom(packs.find(oid), oid, packs);
    if (other) return other;
    throw unread;
  }
}

/** A pack that is gone was merged, dropped or finished by somebody else: the folder tells what became of it. */
function orAgain<T>(read: () => T, again: () => T, packs: PackFolder): T {
  try {
    return read();
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    packs.stale();
    return again();
  }
}
