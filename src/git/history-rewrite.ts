import { type GitObject, objectOid, writeObjects } from "./blob-pack.ts";
import { type CatFile, openCatFile } from "./cat-file.ts";
import { parseCommit, withTreeAndParents } from "./commit-object.ts";
import type { Repository } from "./repository.ts";
import { formatTree, parseTree, type TreeEntry, treeMode } from "./tree-object.ts";

/** Says what becomes of one regular file of one tree: new bytes, or undefined where it stays. The answer depends on path and blob alone. */
export type FileRule = (path: string, blob: string) => Buffer | undefined;

export interface RewriteReport {
  /** Old commit → new commit, of those that changed. */
  readonly commits: ReadonlyMap<string, string>;
  /** Commits whose signature was left out, since it would be wrong. */
  readonly unsigned: number;
}

const batchObjects = 20_000;
const batchBytes = 64 << 20;
const batchCommits = 256;

/**
 * Makes commits with changed files, parents before children; author, dates, message and encoding stay byte for byte, and a commit in whose history
 * nothing changes stays itself. The same input gives the same commits again. No ref is moved.
 */
export class HistoryRewrite {
  readonly #repository: Repository;
  readonly #rule: FileRule;
  readonly #trees = new Map<string, string>();
  readonly #commits = new Map<string, string>();
  readonly #written = new Set<string>();
  #batch: GitObject[] = [];
  #bytes = 0;
  #unsigned = 0;

  constructor(repository: Repository, rule: FileRule) {
    this.#repository = repository;
    this.#rule = rule;
  }

  /** `commits`: every commit of the history, parents first. `onCommit` is told of progress. */
  async run(
    commits: readonly string[],
    signal: AbortSignal,
    onCommit: (count: number) => void,
  ): Promise<RewriteReport> {
    const cat = await openCatFile(this.#repository);
    try {
      for (let at = 0; at < commits.length; at += batchCommits) {
        signal.throwIfAborted();
        const objects = await cat.contents(commits.slice(at, at + batchCommits));
        for (const { oid, bytes } of objects.map(({ oid, bytes }) => ({ oid, bytes: Buffer.from(bytes) })))
          await this.#rewriteCommit(oid, bytes, cat);
        onCommit(objects.length);
      }
      await this.#flush();
      return { commits: this.#commits, unsigned: this.#unsigned };
    } finally {
      cat.close();
    }
  }

  async #rewriteCommit(oid: string, bytes: Buffer, cat: CatFile): Promise<void> {
    const { tree, parents } = parseCommit(bytes);
    const next = {
      tree: await this.#rewriteTree(tree, "", cat),
      parents: parents.map((parent) => this.#commits.get(parent) ?? parent),
    };
    if (next.tree === tree && next.parents.every((parent, i) => parent === parents[i])) return;
    const made = withTreeAndParents(bytes, next);
    if (made.signed) this.#unsigned++;
    this.#commits.set(oid, await this.#put({ type: "commit", bytes: made.bytes }));
  }

  /** `prefix`: the folder's path, `/`-ended, latin1. */
  async #rewriteTree(oid: string, prefix: string, cat: CatFile): Promise<string> {
    const key = `${oid} ${prefix}`;
    const known = this.#trees.get(key);
    if (known !== undefined) return known;
    const [object] = await cat.contents([oid]);
    const entries = parseTree(object?.bytes ?? Buffer.alloc(0), this.#repository.objectFormat);
    const next: TreeEntry[] = [];
    for (const entry of entries) next.push({ ...entry, oid: await this.#rewriteEntry(entry, prefix, cat) });
    const isSame = next.every((entry, i) => entry.oid === entries[i]?.oid);
    const made = isSame ? oid : await this.#put({ type: "tree", bytes: formatTree(next) });
    this.#trees.set(key, made);
    return made;
  }

  async #rewriteEntry({ mode, name, oid }: TreeEntry, prefix: string, cat: CatFile): Promise<string> {
    const path = prefix + name.toString("latin1");
    if (mode === treeMode) return this.#rewriteTree(oid, `${path}/`, cat);
    const bytes = mode.startsWith("100") ? this.#rule(path, oid) : undefined;
    return bytes === undefined ? oid : this.#put({ type: "blob", bytes });
  }

  async #put(object: GitObject): Promise<string> {
    const oid = objectOid(this.#repository, object);
    if (this.#written.has(oid)) return oid;
    this.#written.add(oid);
    this.#batch.push(object);
    this.#bytes += object.bytes.length;
    if (this.#batch.length >= batchObjects || this.#bytes >= batchBytes) await this.#flush();
    return oid;
  }

  async #flush(): Promise<void> {
    await writeObjects(this.#repository, this.#batch);
    this.#batch = [];
    this.#bytes = 0;
  }
}
