import { lstatSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { systemCode } from "../../error/mlgit-error.ts";
import { mayBeAlive } from "../../util/process-mark.ts";
import { moveAside } from "./bad-pack.ts";
import { checkPack } from "./check-pack.ts";
import type { LargeFiles } from "./large-files.ts";
import type { CacheLayout } from "./layout.ts";
import { misplacedIn } from "./misplaced.ts";
import { recoverFolder } from "./open-folder.ts";
import type { SmallFiles } from "./small-files.ts";
import { isUnreadable } from "./unread-files.ts";

/** What reading everything in a cache again found. */
export interface CacheReport {
  readonly files: number;
  readonly packs: number;
  /** Contents that were hashed, in files and packs, and their bytes. */
  readonly contents: number;
  readonly bytes: number;
  /** Oids whose cached copy is wrong. With `fix` it is in `bad/` now. */
  readonly corrupt: readonly string[];
  /** Packs with any damage, by name. With `fix` what was right in them is in another pack. */
  readonly damagedPacks: readonly string[];
  /** What is no file, or no folder, where one must be, by its path below the cache's root. With `fix` it is in `bad/` now. */
  readonly misplaced: readonly string[];
  /** What the disk does not give, by the same paths, and why. It stays where it is. */
  readonly unreadable: readonly { readonly path: string; readonly problem: string }[];
  /** Packs of dead processes that were finished on the way. */
  readonly recovered: number;
  /** What belongs to nothing, below the cache's root. With `fix` left-overs of ours are removed; what is not ours stays. */
  readonly orphans: readonly string[];
}

export interface CheckOptions {
  readonly fix: boolean;
  readonly signal?: AbortSignal;
  readonly meter: { total(files: number, bytes: number): void; advance(files: number, bytes: number): void };
}

export interface CacheParts {
  readonly layout: CacheLayout;
  readonly hash: ChunkHash;
  readonly large: LargeFiles;
  readonly small: SmallFiles;
}

/** An unfinished file that nobody has touched for so long belongs to nobody. */
export const abandonedAfterMs = 24 * 60 * 60 * 1000;
const idPattern = /^[0-9a-f]{64}$/;

/** Reads and hashes every cached file and pack, whatever is known of them. @throws MlgitError kinds `disk`, `interrupted` */
export function checkCache(parts: CacheParts, options: CheckOptions): CacheReport {
  return new CacheCheck(parts, options).run();
}

class CacheCheck {
  readonly #parts: CacheParts;
  readonly #options: CheckOptions;
  readonly #corrupt: string[] = [];
  readonly #damagedPacks: string[] = [];
  readonly #misplaced: string[] = [];
  readonly #unreadable: { path: string; problem: string }[] = [];
  readonly #orphans: string[] = [];
  #recovered = 0;
  #packs = 0;
  #files = 0;
  #contents = 0;
  #bytes = 0;

  constructor(parts: CacheParts, options: CheckOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  run(): CacheReport {
    const { layout } = this.#parts;
    this.#recover();
    const files = namesIn(layout.files).flatMap((folder) =>
      namesIn(join(layout.files, folder)).map((name) => join(folder, name)),
    );
    const packs = namesIn(layout.packs).filter((name) => name.endsWith(".pack"));
    this.#options.meter.total(files.length + packs.length, this.#sizeOf(files, packs));
    for (const file of files) this.#orUnreadable(join("files", file), () => this.#checkFile(file));
    for (const pack of packs) this.#orUnreadable(join("packs", pack), () => this.#checkPack(pack));
    this.#findMisplaced();
    this.#findOrphans(new Set(packs));
    return {
      files: this.#files,
      packs: this.#packs,
      contents: this.#contents,
      bytes: this.#bytes,
      corrupt: [...new Set(this.#corrupt)],
      damagedPacks: this.#damagedPacks,
      misplaced: this.#misplaced,
      unreadable: this.#unreadable,
      recovered: this.#recovered,
      orphans: this.#orphans,
    };
  }

  /** As every command does when it meets one. */
  #recover(): void {
    const { layout, hash } = this.#parts;
    for (const name of namesIn(layout.packs)) {
      if (!name.startsWith("open-") || mayBeAlive(name.slice("open-".length))) continue;
      try {
        recoverFolder(name, layout, hash);
        this.#recovered++;
      } catch (error) {
        if (systemCode(error) !== "ENOENT") throw error;
      }
    }
    this.#parts.small.packs.stale();
  }

  /** One that cannot be read must not end the check of all others; it may be the only copy, and readable again tomorrow. */
  #orUnreadable(path: string, check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      this.#unreadable.push({ path, problem: (error as Error).message });
    }
  }

  #findMisplaced(): void {
    const { layout } = this.#parts;
    this.#misplaced.push(...misplacedIn(layout));
    if (this.#options.fix) for (const path of this.#misplaced) moveAside(path, layout);
  }

  #sizeOf(files: readonly string[], packs: readonly string[]): number {
    const { layout } = this.#parts;
    const paths = [...files.map((name) => join(layout.files, name)), ...packs.map((name) => join(layout.packs, name))];
    return paths.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
  }

  #checkFile(name: string): void {
    this.#options.signal?.throwIfAborted();
    const oid = name.slice(3);
    if (!idPattern.test(oid) || name.slice(0, 2) !== oid.slice(0, 2)) {
      this.#orphans.push(join("files", name));
      return;
    }
    const { large } = this.#parts;
    const size = large.size(oid);
    if (size === undefined && !isThere(join(this.#parts.layout.files, name))) return;
    this.#files++;
    this.#count(1, size ?? 0);
    if (size !== undefined && large.recheck(oid)) return;
    this.#corrupt.push(oid);
    if (this.#options.fix)
      large.setAside(oid, size === undefined ? "it is no file" : "its bytes do not match its name");
  }

  #checkPack(name: string): void {
    this.#options.signal?.throwIfAborted();
    const { layout, hash, small } = this.#parts;
    const path = join(layout.packs, name);
    const found = checkPack(path, hash);
    if (!found) return;
    this.#packs++;
    this.#count(found.files, found.bytes);
    if (found.sound) return;
    this.#damagedPacks.push(name);
    const lost = this.#options.fix ? small.mend(name).lost : found.lost;
    this.#corrupt.push(...lost.filter((oid) => !this.#options.fix || small.size(oid) === undefined));
  }

  #count(contents: number, bytes: number): void {
    this.#contents += contents;
    this.#bytes += bytes;
    this.#options.meter.advance(1, bytes);
  }

  #findOrphans(packs: ReadonlySet<string>): void {
    const { layout } = this.#parts;
    for (const name of namesIn(layout.packs)) {
      if (name.startsWith("open-") || name.endsWith(".pack")) continue;
      const lonely = name.endsWith(".idx") && !packs.has(name.replace(/idx$/, "pack"));
      // A pack gets its index first: for a moment that is alone.
      if (lonely ? isOld(join(layout.packs, name)) : !name.endsWith(".idx")) this.#orphan("packs", name, lonely);
    }
    for (const name of namesIn(layout.temp)) if (isOld(join(layout.temp, name))) this.#orphan("tmp", name, true);
  }

  #orphan(folder: string, name: string, ours: boolean): void {
    this.#orphans.push(join(folder, name));
    if (ours && this.#options.fix)
      rmSync(join(this.#parts.layout.root, folder, name), { recursive: true, force: true });
  }
}

/** Whatever it is: a link to nowhere, too. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isOld(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - Math.max(stat.mtimeMs, stat.ctimeMs) > abandonedAfterMs;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return [];
    throw error;
  }
}
