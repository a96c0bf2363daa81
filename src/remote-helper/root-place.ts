/* docs/format/remote.md, "Replacing the root" */
import type { Backend, FileInfo, SaveOptions } from "../backend/backend.ts";
import type { Handle } from "../backend/handle.ts";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import type { RefScheme } from "./repository-marker.ts";
import { decodeRoot, encodeRoot, type Root, rootLimit } from "./root.ts";

export interface Snapshot {
  readonly root: Root;
  /** Of the object it was read from. */
  readonly tag: string | undefined;
  /** When it was read, in milliseconds of a clock that never goes back. */
  readonly at: number;
}

/** Where the root lies and how it is replaced. */
export interface RootPlace {
  /** The newest root; undefined before the first push. */
  read(): Promise<Snapshot | undefined>;
  /**
   * Replaces `before` (undefined: nothing) with the next generation. False when somebody else was first.
   * @throws the backend's errors when it is not clear what happened, or nothing did.
   */
  replace(before: Snapshot | undefined, next: Root): Promise<boolean>;
  /** Puts a root in place of one that is lost or damaged; `make` is told the generation it must have at least. False when somebody else was first. */
  rescue(make: (generation: number) => Root): Promise<boolean>;
}

const longestThought = 3_600_000;
const newestPossible = Number.MAX_SAFE_INTEGER;

export function rootPlace(backend: Backend, scheme: RefScheme): RootPlace {
  return scheme === "swap" ? new SwappedRoot(backend) : new RootLog(backend);
}

class SwappedRoot implements RootPlace {
  readonly #backend: Backend;
  readonly #handle: Handle = { type: "git", name: "root.json" };

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async read(): Promise<Snapshot | undefined> {
    return loadRoot(this.#backend, this.#handle);
  }

  async replace(before: Snapshot | undefined, next: Root): Promise<boolean> {
    const condition = before?.tag === undefined ? { ifAbsent: true } : { ifMatch: before.tag };
    return saveRoot(this.#backend, this.#handle, { next, condition });
  }

  async rescue(make: (generation: number) => Root): Promise<boolean> {
    const tag = await this.#backend.stat(this.#handle).then(
      (info) => info.tag,
      (error) => {
        if (!this.#backend.isNotFound(error)) throw error;
        return undefined;
      },
    );
    const condition = tag === undefined ? { ifAbsent: true } : { ifMatch: tag };
    return saveRoot(this.#backend, this.#handle, { next: make(1), condition });
  }
}

class RootLog implements RootPlace {
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async read(): Promise<Snapshot | undefined> {
    // Between listing and loading, gc may remove a root that is no longer the newest.
    for (let tries = 0; tries < 5; tries++) {
      const newest = await newestRoot(this.#backend);
      if (!newest) return undefined;
      const found = await loadRoot(this.#backend, newest.handle);
      if (found) return found;
    }
    throw new MlgitError("unreachable", `the roots of ${this.#backend.location} vanish while they are read`);
  }

  async replace(before: Snapshot | undefined, next: Root): Promise<boolean> {
    // So old a root may have been removed with those after it, and its successor would be created behind the newest.
    if (before && performance.now() - before.at > longestThought) return false;
    const handle = logHandle(next.generation);
    return saveRoot(this.#backend, handle, { next, condition: { ifAbsent: true } });
  }

  async rescue(make: (generation: number) => Root): Promise<boolean> {
    const newest = await newestRoot(this.#backend);
    const next = make(newest ? (generationOf(newest.handle.name) ?? 0) + 1 : 1);
    return saveRoot(this.#backend, logHandle(next.generation), { next, condition: { ifAbsent: true } });
  }
}

export function logHandle(generation: number): Handle {
  return { type: "git", name: `log/${String(newestPossible - generation).padStart(16, "0")}` };
}

/** The generation of a root's name in the log, or undefined for another object. */
export function generationOf(name: string): number | undefined {
  const digits = /^log\/(\d{16})$/.exec(name)?.[1];
  return digits === undefined ? undefined : newestPossible - Number(digits);
}

async function newestRoot(backend: Backend): Promise<FileInfo | undefined> {
  let newest: FileInfo | undefined;
  for await (const info of backend.list("git")) {
    if (generationOf(info.handle.name) === undefined) continue;
    if (newest === undefined || info.handle.name < newest.handle.name) newest = info;
    // The log comes before packs, and the newest root before the others.
    if (backend.properties.ordered) break;
  }
  return newest;
}

async function loadRoot(backend: Backend, handle: Handle): Promise<Snapshot | undefined> {
  const at = performance.now();
  const read = async (body: AsyncIterable<Uint8Array>, info: FileInfo) => {
    if (info.size > rootLimit)
      throw new MlgitError("corrupt", `the root of ${backend.location} is too large: ${info.size} bytes`);
    const parts: Uint8Array[] = [];
    for await (const part of body) parts.push(part);
    return { root: decodeRoot(Buffer.concat(parts), backend.location), tag: info.tag, at };
  };
  try {
    return await backend.load(handle, undefined, read);
  } catch (error) {
    if (backend.isNotFound(error)) return undefined;
    throw error;
  }
}

interface RootSave {
  readonly next: Root;
  readonly condition: SaveOptions;
}

async function saveRoot(backend: Backend, handle: Handle, { next, condition }: RootSave): Promise<boolean> {
  try {
    await backend.save(handle, encodeRoot(next), condition);
    return true;
  } catch (error) {
    if (isMlgitError(error) && error.kind === "conflict") return false;
    throw error;
  }
}
