import { isMlgitError } from "../../error/mlgit-error.ts";
import type { PlacedTerm } from "./remote-store.ts";

/** What is wrong with an object itself: asking again does not help. */
const ofContent = new Set(["corrupt", "missing", "unsupported"]);

/**
 * To be called by whoever concludes from `locate` what a store does not have, or leads to: a manifest that did not come because nobody answered says nothing of that.
 * @throws the first error that is not about the bytes of a content
 */
export function assertAnswered(located: ReadonlyMap<string, readonly PlacedTerm[] | Error>): void {
  for (const found of located.values())
    if (found instanceof Error && !(isMlgitError(found) && ofContent.has(found.kind))) throw found;
}
