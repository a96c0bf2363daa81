import { lstatSync, renameSync } from "node:fs";
import { basename, join } from "node:path";
import { MlgitError, systemCode } from "../../error/mlgit-error.ts";
import { makeFolder, syncFolder, uniqueName } from "../../util/durable.ts";
import type { CacheLayout } from "./layout.ts";

/** Moves a damaged pack and its index out of the way, durably. `name`: that of the pack's file. What is gone is gone. */
export function moveToBad(name: string, layout: CacheLayout): void {
  makeFolder(layout.bad);
  for (const one of [name, name.replace(/pack$/, "idx")])
    try {
      renameSync(join(layout.packs, one), freePlace(one, layout));
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
    }
  syncFolder(layout.packs);
}

/** Moves anything else of the cache there; `path` is relative to its root. Where it lies now. */
export function moveAside(path: string, layout: CacheLayout): string {
  makeFolder(layout.bad);
  const to = freePlace(basename(path), layout);
  renameSync(join(layout.root, path), to);
  return to;
}

/** What was moved there before stays: a folder could not take the place of a file either. */
function freePlace(name: string, { bad }: CacheLayout): string {
  const place = join(bad, name);
  return lstatSync(place, { throwIfNoEntry: false }) ? `${place}-${uniqueName()}` : place;
}

/** The error for a content of which no copy is right. */
export function lostContent(oid: string, damage: MlgitError, { bad }: CacheLayout): MlgitError {
  return new MlgitError(
    "corrupt",
    `the cached copy of sha256:${oid} is damaged (${damage.message}); what else its pack held was saved, the pack is in ${bad}`,
    {
      oid,
      path: bad,
      hint: "run the command again to fetch it from the store, or `git mlgit add` the file that has this content",
      cause: damage,
    },
  );
}
