import type { minimatch } from "minimatch";
import type { Settings } from "../config/settings.ts";

type Wishes = Pick<Settings, "hydrate" | "include" | "exclude">;
type Match = typeof minimatch;

/** Which paths the user wants hydrated: `mlgit.hydrate`, `mlgit.include`, `mlgit.exclude`. */
export class PathWishes {
  readonly #settings: Wishes;
  readonly #match: Match | undefined;

  private constructor(settings: Wishes, match: Match | undefined) {
    this.#settings = settings;
    this.#match = match;
  }

  /** Matching patterns takes a library, and most users have none. */
  static async of(settings: Wishes): Promise<PathWishes> {
    const none = settings.include.length === 0 && settings.exclude.length === 0;
    return new PathWishes(settings, none ? undefined : (await import("minimatch")).minimatch);
  }

  wants(path: Buffer): boolean {
    const { hydrate, include, exclude } = this.#settings;
    if (hydrate === "none") return false;
    const match = this.#match;
    if (!match) return true;
    const name = path.toString("utf8");
    const isIn = (patterns: readonly string[]) => patterns.some((one) => covers(one, name, match));
    return (include.length === 0 || isIn(include)) && !isIn(exclude);
  }
}

/** As in .gitignore: a pattern without a slash matches at any depth, a folder covers all below it. */
function covers(pattern: string, path: string, match: Match): boolean {
  const bare = pattern.replace(/^\//, "").replace(/\/$/, "");
  const anywhere = !pattern.replace(/\/$/, "").includes("/");
  return [bare, `${bare}/**`].some((one) => match(path, anywhere ? `**/${one}` : one, { dot: true }));
}
