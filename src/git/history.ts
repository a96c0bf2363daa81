import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { BatchObject } from "./batch-reader.ts";
import { type CatFile, openCatFile } from "./cat-file.ts";
import { isPartial, noLazyFetch } from "./lazy-fetch.ts";
import { type GitProcess, startGit } from "./process.ts";
import { fetchAbsent } from "./promised-objects.ts";
import { cwdOf, gitIn, type Repository } from "./repository.ts";

export interface NamedObject {
  readonly oid: string;
  readonly type: string;
}

/** Commits that are looked at before git is asked, which knows shorter ways. */
const walkedAtMost = 256;

/** Questions about objects and commits of the local repository, answered by one long-lived git where it can. */
export class History {
  readonly repository: Repository;
  readonly #cat: CatFile;

  private constructor(repository: Repository, cat: CatFile) {
    this.repository = repository;
    this.#cat = cat;
  }

  /** Call `close` when done. Questions must not overlap. */
  static async open(repository: Repository): Promise<History> {
    return new History(repository, await openCatFile(repository, { absent: "missing" }));
  }

  /** What expressions name, in order; undefined for those that name nothing here. */
  async resolve(names: readonly string[]): Promise<(NamedObject | undefined)[]> {
    const found = await this.#cat.info(names);
    return found.map(({ oid, type }) => (/^(commit|tag|tree|blob)$/.test(type) ? { oid, type } : undefined));
  }

  async has(oid: string): Promise<boolean> {
    return (await this.resolve([oid]))[0] !== undefined;
  }

  /** Also a tag that comes down to one. */
  async isCommit(oid: string): Promise<boolean> {
    return (await this.resolve([`${oid}^{commit}`]))[0] !== undefined;
  }

  /** A few commits are walked without a process for each question: a push may have hundreds of branches. */
  async isAncestor(old: string, next: string): Promise<boolean> {
    const seen = new Set([next]);
    for (let edge = [next]; edge.length > 0 && seen.size < walkedAtMost; ) {
      if (edge.includes(old)) return true;
      const parents = (await this.#cat.contents(edge)).flatMap(parentsOf);
      edge = [...new Set(parents)].filter((oid) => !seen.has(oid));
      for (const oid of edge) seen.add(oid);
    }
    const args = ["merge-base", "--is-ancestor", old, next];
    return (await gitIn(this.repository, args, { okCodes: [0, 1] })).code === 0;
  }

  isShallow(): boolean {
    return this.#shallowEdge().size > 0;
  }

  #shallowEdge(): Set<string> {
    const file = join(this.repository.commonDir, "shallow");
    return new Set(existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : []);
  }

  /**
   * Do the commits between `known` and `tips` reach the edge of a shallow clone? What lies behind the edge is not here, so
   * nobody who has only `known` could use them.
   */
  async reachesShallowEdge(tips: readonly string[], known: readonly string[]): Promise<boolean> {
    const edge = this.#shallowEdge();
    if (edge.size === 0) return false;
    const input = [...tips, ...known.map((oid) => `^${oid}`), ""].join("\n");
    const { stdout } = await gitIn(this.repository, ["rev-list", "--stdin"], { input });
    return stdout
      .toString("latin1")
      .split("\n")
      .some((oid) => edge.has(oid));
  }

  close(): void {
    this.#cat.close();
  }
}

/** Of a commit as git keeps it: lines `parent <oid>`, up to the first that is empty. */
function parentsOf({ type, bytes }: BatchObject): string[] {
  if (type !== "commit") return [];
  const [head = ""] = bytes.toString("latin1").split("\n\n", 1);
  return [...head.matchAll(/^parent ([0-9a-f]+)$/gm)].map(([, oid = ""]) => oid);
}

/** A thin pack of what `tips` reach and `known` do not, on stdout. Await `done` or call `stop`. */
export async function startPackObjects(
  repository: Repository,
  tips: readonly string[],
  known: readonly string[],
): Promise<GitProcess> {
  const input = [...tips, ...known.map((oid) => `^${oid}`), ""].join("\n");
  if (await isPartial(repository)) await fetchReached(repository, input);
  const args = ["pack-objects", "--revs", "--thin", "--stdout", "--delta-base-offset", "-q"];
  const git = startGit(args, { cwd: cwdOf(repository) });
  git.stdin.end(input);
  return git;
}

/** What a remote that does not have it yet is to get must be here. A tree that comes may name others that are not. */
async function fetchReached(repository: Repository, input: string): Promise<void> {
  for (let round = 0; round < 100; round++) {
    const args = ["rev-list", "--objects", "--missing=print", "--quiet", "--stdin"];
    const { stdout } = await gitIn(repository, args, { input, env: noLazyFetch });
    const missing = [...stdout.toString("latin1").matchAll(/^\?([0-9a-f]+)$/gm)].map(([, oid = ""]) => oid);
    if (missing.length === 0) return;
    await fetchAbsent(repository, missing);
  }
}
