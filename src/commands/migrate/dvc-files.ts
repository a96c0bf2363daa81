import { join } from "node:path";
import { isSafePath, showPath } from "../../hydrate/safe-path.ts";
import type { DvcHash } from "../../migrate/dvc-hash.ts";
import type { DvcProject, PlacedOut } from "./dvc-project.ts";
import type { DvcContent, DvcSources } from "./dvc-sources.ts";
import type { Problem } from "./report.ts";

/** A file that is tracked afterwards. */
export interface DvcTarget {
  /** Relative to the top. */
  readonly path: string;
  readonly content: DvcContent;
  readonly mode: "100644" | "100755";
  readonly out: PlacedOut;
}

export interface DvcTargets {
  readonly targets: readonly DvcTarget[];
  readonly contents: readonly DvcContent[];
  /** Data that is nowhere, as far as that shows without looking at every file. */
  readonly missing: readonly Problem[];
  readonly problems: readonly Problem[];
  /** Outputs of which something was left out: the files that name them stay. */
  readonly incomplete: ReadonlySet<PlacedOut>;
}

/** Every file that DVC keeps here; folders by their listings. */
export async function findTargets(
  project: DvcProject,
  sources: DvcSources,
  { top, signal }: { readonly top: string; readonly signal: AbortSignal },
): Promise<DvcTargets> {
  const collector = new TargetCollector(project, top);
  for (const out of project.outs) {
    signal.throwIfAborted();
    if (!out.isFolder) collector.add(out, out.place, out.md5);
    else await collector.addFolder(out, out.files ?? (await sources.listing(out.md5, signal)));
  }
  return collector.result();
}

class TargetCollector {
  readonly #project: DvcProject;
  readonly #top: string;
  readonly #targets = new Map<string, DvcTarget>();
  readonly #contents = new Map<string, DvcContent>();
  readonly #missing: Problem[] = [];
  readonly #problems: Problem[] = [];
  readonly #incomplete = new Set<PlacedOut>();

  constructor(project: DvcProject, top: string) {
    this.#project = project;
    this.#top = top;
  }

  result(): DvcTargets {
    return {
      targets: [...this.#targets.values()],
      contents: [...this.#contents.values()],
      missing: this.#missing,
      problems: this.#problems,
      incomplete: this.#incomplete,
    };
  }

  async addFolder(out: PlacedOut, entries: readonly { readonly path: string; readonly md5: string }[] | undefined) {
    if (!entries) {
      this.#incomplete.add(out);
      this.#missing.push({ path: out.place, reason: `the listing of the folder (${out.md5}.dir) is nowhere` });
    }
    const paths = (entries ?? []).map(({ path }) => `${out.place}/${path}`);
    // Migrated before, and named by a file that had to stay.
    if (paths.length > 0 && paths.every((path) => this.#project.tracked.has(path))) return;
    for (const [i, path] of paths.entries()) this.add(out, path, entries?.[i]?.md5 ?? "");
  }

  add(out: PlacedOut, path: string, md5: string): void {
    const fault = this.#faultOf(path, md5);
    if (fault !== undefined) {
      this.#incomplete.add(out);
      this.#problems.push({ path: showPath(Buffer.from(path)), reason: fault });
      return;
    }
    const name = contentName(out.hash, md5);
    const size = out.isFolder ? undefined : out.size;
    const content = this.#contents.get(name) ?? {
      name,
      md5,
      hash: out.hash,
      path,
      size,
      worktree: join(this.#top, path),
    };
    this.#contents.set(name, content);
    this.#targets.set(path, { path, content, mode: out.isExecutable && !out.isFolder ? "100755" : "100644", out });
  }

  #faultOf(path: string, md5: string): string | undefined {
    const known = this.#targets.get(path);
    if (known) return known.content.md5 === md5 ? undefined : `is named twice, with other bytes in ${known.out.source}`;
    if (!isSafePath(Buffer.from(path)) || path.includes("\\") || /[\p{Cc}]/u.test(path))
      return "is no path that a repository may have";
    if (path.split("/").some((part) => part.toLowerCase().startsWith(".git")))
      return "has a name that git reads itself";
    if (this.#project.tracked.has(path)) return "git has a file of that name already";
    return undefined;
  }
}

function contentName(hash: DvcHash, md5: string): string {
  return `${hash}:${md5}`;
}
