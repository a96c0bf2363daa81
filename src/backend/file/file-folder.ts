import { chmod, mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { systemCode } from "../../error/mlgit-error.ts";
import { unlessNoModes } from "../../util/set-mode.ts";
import { missingFolder, missingParent } from "./file-error.ts";
import { syncFolder } from "./file-write.ts";

/** The set-group bit, and the group may write. */
const groupShared = 0o2020;

/** The folders of a store: made when needed, durable, with the permissions that the top one has. */
export class StoreFolder {
  readonly path: string;
  readonly #durable = new Map<string, Promise<void>>();
  #mode: number | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** @throws BackendError kind `unreachable`. */
  async check(): Promise<void> {
    await this.#readMode();
  }

  /** Makes the store's own folder; the one above has to exist, so that an unmounted disk is not written under. */
  async create(): Promise<void> {
    const parent = dirname(this.path);
    try {
      await mkdir(this.path);
      await this.#shareLike(parent);
    } catch (error) {
      if (systemCode(error) === "ENOENT") throw missingParent(this.path, parent);
      if (systemCode(error) !== "EEXIST") throw error;
    }
    await syncFolder(parent);
  }

  /** In a folder that a group shares (`git init --shared`, mode 2775) the store is the group's as well, whatever the umask is. */
  async #shareLike(parent: string): Promise<void> {
    const { mode } = await stat(parent);
    if ((mode & groupShared) !== groupShared) return;
    const own = await stat(this.path);
    await chmod(this.path, (own.mode & 0o7777) | (mode & 0o2070)).catch(unlessNoModes);
  }

  /** Permissions for a new object: nobody may write, and those may read who may read the store's folder. */
  async fileMode(): Promise<number> {
    return ((await this.#readMode()) & 0o444) | 0o400;
  }

  /** Makes sure that a folder below the store's is there and will be after a crash. */
  async ensure(folder: string): Promise<void> {
    if (folder === this.path) return this.check();
    const known = this.#durable.get(folder) ?? this.#make(folder);
    this.#durable.set(folder, known);
    try {
      await known;
    } catch (error) {
      this.#durable.delete(folder);
      throw error;
    }
  }

  /** Somebody removed a folder that was there: look again next time. */
  forget(): void {
    this.#durable.clear();
    this.#mode = undefined;
  }

  async #make(folder: string): Promise<void> {
    const parent = dirname(folder);
    await this.ensure(parent);
    const mode = (await this.#readMode()) & 0o7777;
    try {
      await mkdir(folder);
      // mkdir masks by umask and drops the set-group bit.
      await chmod(folder, mode).catch(unlessNoModes);
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error;
    }
    // Also when another process made it: it may not have come to this line.
    await syncFolder(parent);
  }

  async #readMode(): Promise<number> {
    if (this.#mode !== undefined) return this.#mode;
    try {
      const info = await stat(join(this.path, "."));
      this.#mode = info.mode;
      return info.mode;
    } catch (error) {
      if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") throw missingFolder(this.path);
      throw error;
    }
  }
}
