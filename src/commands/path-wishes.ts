import { minimatch } from "minimatch";
import type { Settings } from "../config/settings.ts";

/** Which paths the user wants hydrated: `mlgit.hydrate`, `mlgit.include`, `mlgit.exclude`. */
export class PathWishes {
  readonly #settings: Pick<Settings, "hydrate" | "include" | "exclude">;

  constructor(settings: Pick<Settings, "hydrate" | "include" | "exclude">) {
    this.#settings = settings;
  }

  wants(path: Buffer): boolean {
    const { hydrate, include, exclude } = this.#settings;
    if (hydrate === "none") return false;
    if (include.length === 0 && exclude.length === 0) return true;
    const name = path.toString("utf8");
    return (
      (include.length === 0 || include.some((one) => covers(one, name))) && !exclude.some((one) => covers(one, name))
    );
  }
}

/** As in .gitignore: a pattern without a slash matches at any depth, a folder covers all below it. */
function covers(pattern: string, path: string): boolean {
  const bare = pattern.replace(/^\//, "").replace(/\/$/, "");
  const anywhere = !pattern.replace(/\/$/, "").includes("/");
  return [bare, `${bare}/**`].some((one) => minimatch(path, anywhere ? `**/${one}` : one, { dot: true }));
}
