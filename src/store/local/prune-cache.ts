import { readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { basename, join } from "node:path";
import type { LinkChanges } from "../../util/link-changes.ts";
import { abandonedAfterMs, type CacheParts } from "./check-cache.ts";
import { contentsOfPack } from "./repack.ts";
import type { ReuseLog } from "./reuse-log.ts";
import type { SealedPack } from "./sealed-pack.ts";
import { Trash } from "./trash.ts";

export interface PruneReport {
  /** Contents that went, or with `dryRun` would go, and their bytes. */
  readonly dropped: number;
  readonly bytes: number;
  readonly kept: number;
  /** Packs that were written anew because most of them went. */
  readonly repacked: number;
  /** Unfinished files of dead processes. */
  readonly debris: number;
}

export interface PruneOptions {
  readonly dryRun: boolean;
  /** Whether a cached content that is so old may go. Asked once for each. */
  mayDrop(oid: string, ageMs: number): boolean;
  /** What the log of reused contents is asked for. */
  readonly graceMs: number;
  /** Where is noted which files that worktrees share lost their name here. */
  readonly links?: LinkChanges;
}

/** Share of a pack's bytes that must be unwanted before it is written anew. */
const worthRepacking = 0.5;

/** Removes what may go from a cache that others may be using at the same time. @throws MlgitError kind `disk` */
export function pruneCache(parts: CacheParts & { readonly reused: ReuseLog }, options: PruneOptions): PruneReport {
  return new Prune(parts, options).run();
}

class Prune {
  readonly #parts: CacheParts & { readonly reused: ReuseLog };
  readonly #options: PruneOptions;
  readonly #trash: Trash;
  /** Oid → name in the trash of the file that holds it. */
  readonly #taken = new Map<string, string>();
  readonly #reusedBefore: ReadonlySet<string>;
  #dropped = 0;
  #bytes = 0;
  #kept = 0;
  #repacked = 0;
  #debris = 0;

  constructor(parts: CacheParts & { readonly reused: ReuseLog }, options: PruneOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#trash = new Trash(parts.layout, options.links);
    this.#reusedBefore = parts.reused.recent(options.graceMs);
  }

  run(): PruneReport {
    for (const oid of this.#parts.large.oids()) this.#pruneFile(oid);
    for (const pack of [...this.#parts.small.packs.sealed().values()]) this.#prunePack(pack);
    this.#putBackReused();
    this.#sweep();
    return {
      dropped: this.#dropped,
      bytes: this.#bytes,
      kept: this.#kept,
      repacked: this.#repacked,
      debris: this.#debris,
    };
  }

  #pruneFile(oid: string): void {
    const path = this.#parts.layout.file(oid);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) return;
    if (!this.#mayDrop(oid, stat)) {
      this.#kept++;
      return;
    }
    this.#count(1, stat.size);
    if (!this.#options.dryRun && this.#trash.take(path)) this.#taken.set(oid, oid);
  }

  #prunePack(pack: SealedPack): void {
    const stat = statSync(pack.path, { throwIfNoEntry: false });
    if (!stat) return;
    const oids = [...pack.oids()];
    const drop = oids.filter((oid) => this.#mayDrop(oid, stat));
    const bytes = drop.reduce((sum, oid) => sum + (pack.size(oid) ?? 0), 0);
    // What tells of a few tiny files takes more room than they do.
    const isWorthIt = drop.length === oids.length || bytes >= worthRepacking * stat.size;
    if (drop.length === 0 || !isWorthIt) {
      this.#kept += oids.length;
      return;
    }
    this.#count(drop.length, bytes);
    this.#kept += oids.length - drop.length;
    if (!this.#options.dryRun) this.#rewrite(pack, new Set(drop), stat.mtimeMs);
  }

  /** What stays is durable in its new pack before the old one goes. */
  #rewrite(pack: SealedPack, drop: ReadonlySet<string>, mtimeMs: number): void {
    const { small } = this.#parts;
    const name = basename(pack.path);
    if (drop.size < pack.count) {
      const made = small.copyFrom(
        [name],
        contentsOfPack(pack, (oid) => !drop.has(oid)),
      );
      // Its files are as old as they were.
      if (made) utimesSync(made, mtimeMs / 1000, mtimeMs / 1000);
      this.#repacked++;
    }
    this.#trash.take(pack.path);
    this.#trash.take(pack.path.replace(/pack$/, "idx"));
    for (const oid of drop) this.#taken.set(oid, name);
    small.packs.stale();
  }

  /** Whoever added one of these again has said so before looking whether it is there. */
  #putBackReused(): void {
    if (this.#taken.size === 0) return;
    const reused = this.#parts.reused.recent(this.#options.graceMs);
    for (const [oid, name] of this.#taken) if (reused.has(oid) && !this.#reusedBefore.has(oid)) this.#restore(name);
    this.#trash.empty();
  }

  #restore(name: string): void {
    if (name.endsWith(".pack")) this.#trash.restore(name.replace(/pack$/, "idx"));
    this.#trash.restore(name);
  }

  #sweep(): void {
    const { temp } = this.#parts.layout;
    for (const name of readdirSync(temp)) {
      const stat = statSync(join(temp, name), { throwIfNoEntry: false });
      if (!stat || Date.now() - Math.max(stat.mtimeMs, stat.ctimeMs) < abandonedAfterMs) continue;
      this.#debris++;
      if (!this.#options.dryRun) rmSync(join(temp, name), { recursive: true, force: true });
    }
  }

  /** What was added again lately is as good as new. */
  #mayDrop(oid: string, stat: { readonly mtimeMs: number }): boolean {
    return this.#options.mayDrop(oid, this.#reusedBefore.has(oid) ? 0 : Date.now() - stat.mtimeMs);
  }

  #count(contents: number, bytes: number): void {
    this.#dropped += contents;
    this.#bytes += bytes;
  }
}
