import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Backend } from "../backend/backend.ts";
import { onDisk } from "../error/disk-error.ts";
import { isMlgitError } from "../error/mlgit-error.ts";
import { gitInMirror } from "../git/mirror.ts";
import { joinPacks } from "../git/mirror-pack.ts";
import { makeFolder, uniqueName, writeDurable } from "../util/durable.ts";
import { setMode } from "../util/set-mode.ts";
import { checkConnected } from "./check-connected.ts";
import { indexPacks } from "./index-packs.ts";
import { configOf, readRefs, writeRefs } from "./mirror-files.ts";
import { hasItsHash, packsToJoin } from "./mirror-packs.ts";
import type { Root } from "./root.ts";
import { wantedPacks } from "./wanted-packs.ts";

interface MirrorState {
  /** Everything up to this generation is in. */
  readonly generation: number;
  /** The last one of the root that was seen. */
  readonly transaction: string | undefined;
  /** The pack files that must be there, as they were when git had checked every byte: `<size> <mtime in ms> <inode>`. */
  readonly files: Readonly<Record<string, string>>;
  /** Pack files that were joined into others and may go when nobody reads them any more: when that was, in ms since 1970. */
  readonly joined?: Readonly<Record<string, number>>;
}

export interface SyncOptions {
  readonly backend: Backend;
  readonly signal?: AbortSignal;
  readonly onBytes?: (bytes: number) => void;
  /** Believes nothing that is said about packs beside the packs. */
  readonly plain?: boolean;
}

const stateFile = "mlgit-state.json";
const dayMs = 24 * 3600 * 1000;

/**
 * A bare repository in the cache with everything that a repository in a store has. It is only ever added to, so several processes may work on
 * it at once, and one that is killed leaves at most a temporary file. Whatever is damaged is made anew.
 */
export class Mirror {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** The mirror of a repository below `folder`; made when it is not there or lost files. */
  static open(folder: string, url: string, root: Pick<Root, "repository" | "objectFormat">): Mirror {
    const mirror = new Mirror(pathOf(folder, url, root));
    onDisk("make the local copy", mirror.path, () => {
      if (existsSync(join(mirror.path, "HEAD")) && !mirror.#isWhole(root)) mirror.discard();
      if (!existsSync(join(mirror.path, "HEAD"))) mirror.#create(root);
    });
    return mirror;
  }

  /** The generation up to which everything is here. */
  get generation(): number {
    return this.#state()?.generation ?? 0;
  }

  /** The refs of the root that it was last brought up to; undefined before that. */
  refs(): Map<string, string> | undefined {
    return this.#state() && readRefs(this.path);
  }

  /** Pack files, without ends, that a clone may link to. */
  get packs(): string[] {
    return Object.keys(this.#state()?.files ?? {}).map((name) => join(this.path, "objects/pack", name));
  }

  /**
   * Brings everything in that the root lists, and moves the refs. A mirror that does not fit the root (damaged, or the store was put back to an
   * older state) is made anew.
   * @throws MlgitError of the backend, or kind `corrupt` when a new one does not fit either.
   */
  async sync(root: Root, options: SyncOptions): Promise<void> {
    try {
      await this.#sync(root, options);
    } catch (error) {
      if (!isMlgitError(error) || error.kind !== "corrupt") throw error;
      this.discard();
      onDisk("make the local copy", this.path, () => this.#create(root));
      await this.#syncAnew(root, options);
    }
  }

  async #syncAnew(root: Root, options: SyncOptions): Promise<void> {
    try {
      // Also without what is only said about packs.
      await this.#sync(root, { ...options, plain: true });
    } catch (error) {
      // What came in would later be taken for what the remote has.
      if (isMlgitError(error) && error.kind === "corrupt") this.discard();
      throw error;
    }
  }

  async #sync(root: Root, options: SyncOptions): Promise<void> {
    const state = this.#state();
    if (state && state.transaction === root.transactions.at(-1) && state.generation === root.generation) return;
    if (wantedPacks(root, state?.generation ?? 0).length > 0) return this.#ingest(root, options);
    // Another process may have seen a newer root than we did; a root put back to an older one looks the same.
    await checkConnected(this.path, root, state ? readRefs(this.path) : new Map());
    if (root.generation >= (state?.generation ?? 0)) this.#save(root, state?.files ?? {});
  }

  /** Does the mirror have all that its refs reach, byte for byte? Reads everything. */
  async isSound(): Promise<boolean> {
    const { code } = await gitInMirror(this.path, ["fsck", "--full", "--no-dangling", "--no-progress"], {
      okCodes: Array.from({ length: 256 }, (_, i) => i),
    });
    return code === 0;
  }

  /** Takes it out of use; the next `open` makes it anew. */
  discard(): void {
    const aside = `${this.path}.${uniqueName()}.bad`;
    try {
      renameSync(this.path, aside);
    } catch (error) {
      // Somebody else was first.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      throw error;
    }
    rmSync(aside, { recursive: true, force: true });
  }

  async #ingest(root: Root, options: SyncOptions): Promise<void> {
    const before = this.#state();
    const packs = wantedPacks(root, before?.generation ?? 0);
    const names = await indexPacks(this.path, packs, { ...options, objectFormat: root.objectFormat });
    await checkConnected(this.path, root, before ? readRefs(this.path) : new Map());
    // Another process may have been here meanwhile: what it brought counts as well.
    const marks = names.map((name) => [name, markOf(join(this.path, "objects/pack", `${name}.pack`)) ?? ""]);
    const files = { ...before?.files, ...this.#state()?.files, ...Object.fromEntries(marks) };
    this.#save(root, files);
    await this.#join();
    this.#sweep();
  }

  /** Every fetch brings a pack, and git looks into each of them. */
  async #join(): Promise<void> {
    const sizes = Object.entries(this.#state()?.files ?? {}).map(([name, mark]) => [name, Number.parseInt(mark, 10)]);
    const small = packsToJoin(new Map(sizes as [string, number][]));
    if (small.length === 0) return;
    const name = await joinPacks(this.path, small);
    const mark = markOf(join(this.#packFolder, `${name}.pack`));
    const state = this.#state();
    // Another process may have been here meanwhile; then it is for the next time.
    if (mark === undefined || !state || small.some((one) => one === name || !state.files[one])) return;
    const joined = { ...state.joined, ...Object.fromEntries(small.map((one) => [one, Date.now()])) };
    this.#write({ ...state, files: without({ ...state.files, [name]: mark }, joined), joined });
  }

  #save(root: Root, files: Readonly<Record<string, string>>): void {
    onDisk("write", this.path, () => writeRefs(this.path, root));
    const { joined = {} } = this.#state() ?? {};
    const seen = { generation: root.generation, transaction: root.transactions.at(-1) };
    this.#write({ ...seen, files: without(files, joined), joined });
  }

  #write(state: MirrorState): void {
    onDisk("write", this.path, () => writeDurable(join(this.path, stateFile), JSON.stringify(state)));
  }

  #state(): MirrorState | undefined {
    try {
      return JSON.parse(readFileSync(join(this.path, stateFile), "utf8")) as MirrorState;
    } catch {
      return undefined;
    }
  }

  #isWhole({ objectFormat }: Pick<Root, "objectFormat">): boolean {
    const state = this.#state();
    const touched: Record<string, string> = {};
    const isWhole = Object.entries(state?.files ?? {}).every(([name, mark]) => {
      const pack = join(this.#packFolder, `${name}.pack`);
      const now = markOf(pack);
      if (now === undefined || !existsSync(join(this.#packFolder, `${name}.idx`))) return false;
      if (now !== mark) touched[name] = now;
      // git sets the time of a pack that has what is added anew, and clones are linked to these.
      return now === mark || hasItsHash(pack, objectFormat);
    });
    if (isWhole && state && Object.keys(touched).length > 0)
      this.#write({ ...state, files: { ...state.files, ...touched } });
    return isWhole;
  }

  #create({ objectFormat }: Pick<Root, "objectFormat">): void {
    const temp = `${this.path}.${uniqueName()}.new`;
    for (const folder of ["objects/pack", "objects/info", "refs/heads"]) makeFolder(join(temp, folder));
    setMode(temp, 0o700);
    writeDurable(join(temp, "config"), configOf(objectFormat));
    writeDurable(join(temp, "HEAD"), "ref: refs/heads/main\n");
    try {
      renameSync(temp, this.path);
    } catch (error) {
      rmSync(temp, { recursive: true, force: true });
      // Another process made it.
      if (!existsSync(join(this.path, "HEAD"))) throw error;
    }
  }

  /** What killed processes left, and packs that were joined so long ago that nobody reads them any more. */
  #sweep(): void {
    for (const name of readdirSync(this.#packFolder).filter((one) => one.startsWith("tmp_"))) {
      const info = statSync(join(this.#packFolder, name), { throwIfNoEntry: false });
      if (info && Date.now() - info.mtimeMs > dayMs) rmSync(join(this.#packFolder, name), { force: true });
    }
    const state = this.#state();
    const old = Object.entries(state?.joined ?? {}).filter(([, at]) => Date.now() - at > dayMs);
    if (!state || old.length === 0) return;
    for (const [name] of old)
      for (const end of [".idx", ".rev", ".pack"]) rmSync(join(this.#packFolder, name + end), { force: true });
    this.#write({ ...state, joined: without(state.joined ?? {}, Object.fromEntries(old)) });
  }

  get #packFolder(): string {
    return join(this.path, "objects/pack");
  }
}

function without<T>(all: Readonly<Record<string, T>>, some: Readonly<Record<string, unknown>>): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => !(name in some)));
}

function pathOf(folder: string, url: string, { repository }: Pick<Root, "repository">): string {
  return join(folder, `${createHash("sha256").update(`${url}\0${repository}`).digest("hex").slice(0, 32)}.git`);
}

function markOf(path: string): string | undefined {
  const info = statSync(path, { throwIfNoEntry: false });
  return info && `${info.size} ${info.mtimeMs} ${info.ino}`;
}
