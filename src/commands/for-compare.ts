import { accessSync, constants } from "node:fs";
import { compareContent } from "../filter/compare.ts";
import { callingGit } from "../git/caller.ts";
import type { CacheLayout } from "../store/local/layout.ts";

/** Commands that ask for pointers only to compare them: none of them writes one, neither as an object nor into the index. */
const comparing = new Set(["status", "diff", "diff-files", "diff-index", "describe"]);
const blaming = new Set(["blame", "annotate"]);

/**
 * Knows when git asks for a pointer that nothing will ever point with. Then a cache that this user may only read is no reason to fail, as git status works for
 * whoever may only read a repository; and what git blame sends, which is mostly no content of any file, stays out of every cache.
 */
export class CompareRequests {
  readonly #layout: CacheLayout;
  #way: "keep" | "compare" | "blame" | undefined;

  constructor(layout: CacheLayout) {
    this.#layout = layout;
  }

  /** The pointer, or undefined where the content is to be kept: then nothing of it was read. */
  answer(content: Iterable<Uint8Array>): Uint8Array | undefined {
    this.#way ??= this.#find();
    return this.#way === "keep" ? undefined : compareContent(content, this.#way === "blame");
  }

  #find() {
    const [command = ""] = callingGit() ?? [];
    if (blaming.has(command)) return "blame";
    return comparing.has(command) && !this.#isWritable() ? "compare" : "keep";
  }

  #isWritable(): boolean {
    const { files, packs, journal, temp } = this.#layout;
    return [files, packs, journal, temp].every(isWritable);
  }
}

/** Whether this user may make files in a folder. */
export function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
