import { existsSync } from "node:fs";
import { join } from "node:path";
import { onDisk } from "../../error/disk-error.ts";
import { isMlgitError, MlgitError } from "../../error/mlgit-error.ts";
import { makeFolder, writeDurable } from "../../util/durable.ts";
import { readPlain } from "../plain-file.ts";

/** Files of this many bytes or more are cached whole, as what links can point to; smaller ones go into packs. */
export const wholeFileLimit = 1 << 20;

const marker = "mlgit cache 1\n";

/** Where things lie in a cache. docs/format/cache.md shows the tree. */
export class CacheLayout {
  readonly root: string;
  readonly files: string;
  readonly packs: string;
  readonly journal: string;
  readonly index: string;
  readonly temp: string;
  readonly bad: string;

  constructor(root: string) {
    this.root = root;
    this.files = join(root, "files");
    this.packs = join(root, "packs");
    this.journal = join(root, "journal");
    this.index = join(root, "index");
    this.temp = join(root, "tmp");
    this.bad = join(root, "bad");
  }

  /** Path of a large file's content. Asked several times for each file, and `join` takes as long as the file system. */
  file(oid: string): string {
    return `${this.files}/${oid.slice(0, 2)}/${oid}`;
  }

  /**
   * Makes the folders where they are missing and checks the version.
   * @returns why it cannot be made, where there was none: kind `disk` or `denied`. One that can only be read serves who reads, and who writes will hear of it.
   * @throws MlgitError kind `unsupported` for a cache of a newer mlgit.
   */
  prepare(): MlgitError | undefined {
    const path = join(this.root, "version");
    const isNew = !existsSync(path);
    if (!isNew) this.#check(path);
    // Somebody may have removed one to make room.
    const missing = this.#folders().filter((folder) => isNew || !existsSync(folder));
    if (missing.length === 0) return undefined;
    try {
      this.#make(missing, isNew ? path : undefined);
    } catch (error) {
      if (!isNew) return undefined;
      if (isMlgitError(error)) return error;
      throw error;
    }
    return undefined;
  }

  #folders(): string[] {
    return [this.files, this.packs, this.journal, this.index, this.temp];
  }

  #make(folders: readonly string[], version: string | undefined): void {
    onDisk("make the cache folder", this.root, () => {
      for (const folder of folders) makeFolder(folder);
      if (version !== undefined) writeDurable(version, marker);
    });
  }

  /** Whether the version file is damaged: not that of another version, but none at all. */
  get isVersionDamaged(): boolean {
    const path = join(this.root, "version");
    return existsSync(path) && this.#version(path) === undefined;
  }

  /** Undefined for what cannot be one. */
  #version(path: string): string | undefined {
    try {
      const found = onDisk("read", path, () => readPlain(path).toString());
      return /^mlgit cache \d+\n$/.test(found) ? found : undefined;
    } catch (error) {
      if (isMlgitError(error) && error.kind === "corrupt") return undefined;
      throw error;
    }
  }

  #check(path: string): void {
    const found = this.#version(path);
    if (found === marker) return;
    if (found === undefined)
      throw new MlgitError("corrupt", `the file that says what the cache is like is damaged: ${path}`, {
        hint: "run `git mlgit fsck --fix`: it moves it to bad/ and writes it again, and all else in the cache stays as it is",
        path,
      });
    throw new MlgitError(
      "unsupported",
      `the cache ${this.root} is of another version: ${JSON.stringify(found.slice(0, 40))}`,
      {
        hint: "install the newest mlgit, or name another folder with `git config mlgit.cache <folder>`",
        path: this.root,
      },
    );
  }
}
