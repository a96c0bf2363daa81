import type { SmudgeRequest } from "../filter/smudge.ts";
import { callingGit } from "../git/caller.ts";
import { attributeOf } from "../git/check-attributes.ts";
import { filterConfig } from "../git/filter-config.ts";
import type { Session } from "./session.ts";

/**
 * Commands that ask for a blob in a temporary file only to hand it to a textconv or an external diff. None of them writes to the worktree; `git stash`
 * shows differences too, but its pop does, so it is not here.
 */
const comparing = new Set([
  ...[
    "diff",
    "log",
    "show",
    "whatchanged",
    "diff-tree",
    "diff-index",
    "diff-files",
    "format-patch",
    "range-diff",
    "reflog",
  ],
  ...["blame", "annotate", "grep"],
]);

/**
 * Knows when git asks for content only to give it to `git mlgit textconv`, which reads a pointer as well and looks into the cache by itself: then nothing is
 * streamed, and nothing is fetched to show a history.
 */
export class TextconvRequests {
  readonly #session: Session;
  readonly #known = new Map<string, Promise<boolean>>();
  #compares: boolean | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  async has(request: SmudgeRequest): Promise<boolean> {
    if (request.canDelay || request.treeish !== undefined || request.blob === undefined) return false;
    this.#compares ??= this.#isComparing();
    if (!this.#compares) return false;
    const path = request.pathname.toString("latin1");
    const asked = this.#known.get(path) ?? this.#isOurs(request.pathname);
    this.#known.set(path, asked);
    return asked;
  }

  /** Whoever set up an external diff wants real files. */
  #isComparing(): boolean {
    const { git } = this.#session;
    if (git.get("diff.mlgit.textconv") !== filterConfig["diff.mlgit.textconv"]) return false;
    if (process.env.GIT_EXTERNAL_DIFF || git.get("diff.external") || git.get("diff.mlgit.command")) return false;
    const [command = "", ...words] = callingGit() ?? [];
    return comparing.has(command) || (command === "cat-file" && words.includes("--textconv"));
  }

  async #isOurs(path: Buffer): Promise<boolean> {
    return (await attributeOf(this.#session.repository, [path], { name: "diff" }))[0] === "mlgit";
  }
}
