import { type BigIntStats, lstatSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { blobOid } from "../../git/blob-pack.ts";
import { openCatFile } from "../../git/cat-file.ts";
import { type Change, emptyTree, treeChanges } from "../../git/changes.ts";
import { type StampEntry, stampIndex } from "../../git/index-stamp.ts";
import { quotePath } from "../../git/quote-path.ts";
import type { Repository } from "../../git/repository.ts";
import { setIndex } from "../../git/work-state.ts";
import { statIfHolding } from "../../hydrate/holds-content.ts";
import type { SafeTarget } from "../../hydrate/path-guard.ts";
import { PlaceBatch } from "../../hydrate/place-batch.ts";
import { isSameFile, replace } from "../../hydrate/replace-file.ts";
import { type Pointer, parsePointer } from "../../pointer/pointer.ts";
import { hashFile } from "../../util/hash-file.ts";
import type { Verdict } from "./verdict.ts";

type Worked = Repository & { readonly workTree: string };

/** Files that are written whole from git's own objects: attributes, ignore rules, small outputs. */
const blobLimit = 16 << 20;

/**
 * Brings index and worktree from one tree to another that holds the same data in another form. A file that has the new tree's content already stays
 * where it is, one that is as the old tree has it is replaced, and what is neither is left alone and named. Doing it again, also after a kill at any
 * moment, ends in the same state.
 */
export class Settlement {
  readonly #repository: Worked;
  readonly #batch: PlaceBatch;
  readonly #to: string;
  readonly #changes: readonly Change[];
  readonly #blobs: ReadonlyMap<string, Buffer>;
  readonly #judged = new Map<Change, Verdict>();

  private constructor(repository: Worked, to: string, found: { changes: Change[]; blobs: Map<string, Buffer> }) {
    this.#repository = repository;
    this.#batch = new PlaceBatch(repository.workTree, repository.gitDir);
    this.#to = to;
    this.#changes = found.changes;
    this.#blobs = found.blobs;
  }

  /** `from` undefined: nothing was checked out. */
  static async prepare(repository: Worked, from: string | undefined, to: string): Promise<Settlement> {
    const changes = await treeChanges(repository, from ?? (await emptyTree(repository)), to);
    const regular = changes.filter(({ oldMode, newMode }) => isPlain(oldMode) && isPlain(newMode));
    return new Settlement(repository, to, { changes: regular, blobs: await readBlobs(repository, regular) });
  }

  /** Worktree files that the new tree would need changed and that hold something else than the old one has. */
  obstacles(): string[] {
    return this.#changes.filter((change) => this.#judge(change).kind === "obstacle").map(({ path }) => quotePath(path));
  }

  /** Files, then the index in one step. Gives back the paths that were left alone; pointers are to be hydrated afterwards. */
  async run(signal: AbortSignal): Promise<string[]> {
    const stamps: StampEntry[] = [];
    const left: string[] = [];
    for (const change of this.#changes) {
      signal.throwIfAborted();
      const verdict = this.#judge(change);
      if (verdict.kind === "keep") stamps.push({ path: change.path, blob: change.newBlob, stat: verdict.stat });
      if (verdict.kind === "obstacle" || !this.#carryOut(change, verdict)) left.push(quotePath(change.path));
    }
    await setIndex(this.#repository, this.#to);
    await stampIndex(this.#repository, stamps, { links: this.#batch.takeLinks() });
    return left;
  }

  #carryOut(change: Change, verdict: Verdict): boolean {
    if (verdict.kind === "remove") rmSync(verdict.target.file, { force: true });
    if (verdict.kind !== "write") return true;
    const target = this.#batch.guard.resolve(change.path, true);
    if (typeof target === "string") return false;
    const bytes = this.#blobs.get(change.newBlob) ?? Buffer.alloc(0);
    const { placed } = replace(target, verdict.before ?? "absent", {
      batch: this.#batch,
      path: change.path,
      mode: change.newMode === "100755" ? 0o755 : 0o644,
      source: (temp) => writeFileSync(temp, bytes, { flag: "wx" }),
    });
    return placed;
  }

  /** Once for each file, unless the file has changed since. */
  #judge(change: Change): Verdict {
    const known = this.#judged.get(change);
    if (known?.kind === "keep" && !this.#isStill(change, known)) this.#judged.delete(change);
    const verdict = this.#judged.get(change) ?? this.#look(change);
    this.#judged.set(change, verdict);
    return verdict;
  }

  #isStill(change: Change, { stat }: Extract<Verdict, { kind: "keep" }>): boolean {
    const target = this.#batch.guard.resolve(change.path, false);
    if (typeof target === "string") return false;
    const now = lstatSync(target.file, { bigint: true, throwIfNoEntry: false });
    return now !== undefined && isSameFile(now, stat);
  }

  #look(change: Change): Verdict {
    const target = this.#batch.guard.resolve(change.path, false);
    const isGone = change.status === "D";
    if (target === "missing-folder") return isGone ? { kind: "nothing" } : { kind: "write", before: undefined };
    if (typeof target === "string") return { kind: "obstacle" };
    const before = lstatSync(target.file, { bigint: true, throwIfNoEntry: false });
    if (!before) return isGone ? { kind: "nothing" } : { kind: "write", before: undefined };
    if (isGone) return this.#holds(target, change.oldBlob) ? { kind: "remove", target } : { kind: "obstacle" };
    return this.#lookAtFile(change, target, before);
  }

  #lookAtFile(change: Change, target: SafeTarget, before: BigIntStats): Verdict {
    const pointer = this.#pointer(change.newBlob);
    if (before.isSymbolicLink())
      return pointer && leadsTo(target, pointer) ? { kind: "write", before } : { kind: "obstacle" };
    if (!before.isFile()) return { kind: "obstacle" };
    const content = pointer && statIfHolding(target.file, pointer);
    // An inode that something else shares (a cache of another tool) must not become ours.
    if (content) return content.nlink === 1n ? { kind: "keep", stat: content } : { kind: "write", before };
    if (this.#isBlob(target, change.newBlob)) return { kind: "nothing" };
    return this.#holds(target, change.oldBlob) ? { kind: "write", before } : { kind: "obstacle" };
  }

  #holds(target: SafeTarget, blob: string): boolean {
    const pointer = this.#pointer(blob);
    if (!lstatSync(target.file, { throwIfNoEntry: false })?.isFile()) return false;
    return this.#isBlob(target, blob) || (pointer !== undefined && statIfHolding(target.file, pointer) !== undefined);
  }

  #isBlob(target: SafeTarget, blob: string): boolean {
    if (lstatSync(target.file).size > blobLimit) return false;
    return blobOid(this.#repository, readFileSync(target.file)) === blob;
  }

  #pointer(blob: string): Pointer | undefined {
    const bytes = this.#blobs.get(blob);
    return bytes && parsePointer(bytes);
  }
}

/** Regular files, and nothing on one of the sides. */
function isPlain(mode: string): boolean {
  return mode.startsWith("100") || /^0+$/.test(mode);
}

async function readBlobs(repository: Repository, changes: readonly Change[]): Promise<Map<string, Buffer>> {
  const blobs = new Map<string, Buffer>();
  const names = [...new Set(changes.flatMap(({ oldBlob, newBlob }) => [oldBlob, newBlob]))];
  const wanted = names.filter((oid) => !/^0+$/.test(oid));
  const cat = await openCatFile(repository);
  try {
    for (let at = 0; at < wanted.length; at += 4096) {
      const part = wanted.slice(at, at + 4096);
      const infos = await cat.info(part);
      const small = part.filter((_, i) => infos[i]?.type === "blob" && infos[i].size <= blobLimit);
      for (const { oid, bytes } of await cat.contents(small)) blobs.set(oid, Buffer.from(bytes));
    }
    return blobs;
  } finally {
    cat.close();
  }
}

/** Whether a symlink leads to a file with this content, as where another tool links into its cache. */
function leadsTo({ file }: SafeTarget, { oid, size }: Pointer): boolean {
  try {
    const real = realpathSync(file);
    const stat = lstatSync(real);
    return stat.isFile() && stat.size === size && hashFile(real) === oid;
  } catch {
    return false;
  }
}
