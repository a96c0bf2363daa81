import { compareContent } from "../filter/compare.ts";
import { callingGit } from "../git/caller.ts";

const blaming = new Set(["blame", "annotate"]);

/** Knows when git asks for a pointer that nothing will ever point with: what git blame sends is mostly no content of any file. */
export class CompareRequests {
  #isBlaming: boolean | undefined;

  /** The pointer, or undefined where the content is to be kept: then nothing of it was read. */
  answer(content: Iterable<Uint8Array>): Uint8Array | undefined {
    this.#isBlaming ??= blaming.has(callingGit()?.[0] ?? "");
    return this.#isBlaming ? compareContent(content, true) : undefined;
  }
}
