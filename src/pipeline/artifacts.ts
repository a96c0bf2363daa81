import { type BigIntStats, lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { MlgitError, systemCode } from "../error/mlgit-error.ts";
import { blobName, folderListing, type ListedFile } from "../lineage/run-record.ts";
import { parsePointer, pointerLimit } from "../pointer/pointer.ts";
import type { FileState } from "../util/file-state.ts";
import { hashFile } from "../util/hash-file.ts";
import type { Artifact } from "./memo-key.ts";
import type { StatCache } from "./stat-cache.ts";

/** Made by the programs that look at a folder, and not by those that fill it. */
const leftOut: ReadonlySet<string> = new Set([".git", "__pycache__", ".ipynb_checkpoints", ".DS_Store"]);

/** What an artifact is, with the files of a folder. */
export interface FoundArtifact extends Artifact {
  readonly files?: readonly ListedFile[];
}

/** Looks at files and folders of a worktree: contents by oid, a pointer standing for what it names. */
export class Artifacts {
  readonly #top: string;
  readonly #known: StatCache;

  constructor(top: string, known: StatCache) {
    this.#top = top;
    this.#known = known;
  }

  /**
   * What is at a path now; undefined for nothing. Symlinks to files are followed, the path's own also to a folder.
   * @throws MlgitError kind `unsupported` for what is neither file nor folder, names that are no UTF-8, and symlinks inside a folder that lead to folders or nowhere.
   */
  look(path: string): FoundArtifact | undefined {
    const stat = statSync(join(this.#top, path), { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    if (!stat.isDirectory()) return { path, ...this.#file(path, stat) };
    const files = this.#below(path, "");
    const listing = folderListing(files);
    const size = files.reduce((sum, file) => sum + file.size, 0);
    return { path, oid: blobName(listing), mode: "040000", size, files };
  }

  /** The files that a path is or holds, relative to the top. */
  list(path: string): string[] {
    const stat = statSync(join(this.#top, path), { throwIfNoEntry: false });
    if (stat === undefined) return [];
    return stat.isDirectory() ? this.#entries(path).flatMap((name) => this.list(`${path}/${name}`)) : [path];
  }

  /** Remembers what somebody else has read. */
  remember(path: string, stat: FileState, read: { readonly oid: string; readonly readAt: bigint }): void {
    this.#known.set(path, stat, read);
  }

  #entries(folder: string): string[] {
    return readdirSync(join(this.#top, folder), { encoding: "buffer" })
      .map((bytes) => {
        const name = bytes.toString("utf8");
        if (!Buffer.from(name).equals(bytes)) throw odd(`${folder}/${name}`, "has a name that is no UTF-8");
        return name;
      })
      .filter((name) => !leftOut.has(name));
  }

  #below(folder: string, prefix: string): ListedFile[] {
    return this.#entries(folder).flatMap((name) => {
      const path = `${folder}/${name}`;
      const stat = lstatSync(join(this.#top, path), { bigint: true, throwIfNoEntry: false });
      if (stat === undefined) return [];
      if (stat.isDirectory()) return this.#below(path, `${prefix}${name}/`);
      const target = stat.isSymbolicLink() ? this.#followed(path) : stat;
      return [{ path: prefix + name, ...this.#file(path, target) }];
    });
  }

  #followed(path: string): BigIntStats {
    try {
      const stat = statSync(join(this.#top, path), { bigint: true });
      if (!stat.isDirectory()) return stat;
    } catch (error) {
      if (!["ENOENT", "ELOOP", "ENOTDIR"].includes(systemCode(error) ?? "")) throw error;
      throw odd(path, "is a symlink that leads nowhere");
    }
    throw odd(path, "is a symlink to a folder");
  }

  #file(path: string, stat: BigIntStats): Omit<Artifact, "path"> {
    if (!stat.isFile()) throw odd(path, "is neither a file nor a folder");
    const mode = (stat.mode & 0o100n) !== 0n ? "100755" : "100644";
    const file = join(this.#top, path);
    if (stat.size < BigInt(pointerLimit)) {
      const pointer = parsePointer(readFileSync(file));
      if (pointer) return { oid: `sha256:${pointer.oid}`, mode, size: pointer.size };
    }
    const known = this.#known.get(path, stat);
    if (known !== undefined) return { oid: known, mode, size: Number(stat.size) };
    const readAt = BigInt(Date.now()) * 1_000_000n;
    const oid = `sha256:${hashFile(file)}`;
    // Changed while it was read: the next look will see other times.
    this.#known.set(path, stat, { oid, readAt });
    return { oid, mode, size: Number(stat.size) };
  }
}

function odd(path: string, what: string): MlgitError {
  return new MlgitError("unsupported", `${path} ${what}, which a stage can neither read nor make`, {
    path,
    hint: "replace it by a file, or name what it leads to in mlgit.yaml",
  });
}
