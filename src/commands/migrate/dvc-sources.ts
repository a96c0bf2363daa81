import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Backend, BackendOptions } from "../../backend/backend.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import type { Attempt } from "../../migrate/collect-contents.ts";
import { cacheFolder, type DvcConfig, parseDvcConfig, remoteNames, remoteOptions } from "../../migrate/dvc-config.ts";
import { type DvcEntry, listingLimit, parseListing } from "../../migrate/dvc-file.ts";
import { type DvcHash, dvcPaths, Md5Verifier } from "../../migrate/dvc-hash.ts";
import { fileParts, takeIn } from "../../migrate/take-in.ts";
import type { Cache } from "../../store/local/cache.ts";
import { makeFolder, writeDurable } from "../../util/durable.ts";

export interface DvcContent {
  /** `md5:<hex>` or `md5-dos2unix:<hex>`. */
  readonly name: string;
  readonly md5: string;
  readonly hash: DvcHash;
  readonly path: string;
  readonly size: number | undefined;
  /** The worktree file that should have it. */
  readonly worktree: string;
}

/** Places with DVC's layout: caches of this machine, and remotes that the user named. */
export class DvcSources {
  readonly #caches: readonly string[];
  readonly #remotes: readonly Backend[];
  readonly #listings: string;

  constructor({
    caches,
    remotes,
    listings,
  }: { caches: readonly string[]; remotes: readonly Backend[]; listings: string }) {
    this.#caches = caches;
    this.#remotes = remotes;
    this.#listings = listings;
  }

  get hasRemotes(): boolean {
    return this.#remotes.length > 0;
  }

  /** A file of this machine that should have the content. */
  localFile({ md5, hash, size, worktree }: DvcContent): string | undefined {
    const files = [...this.#inCaches(md5, hash), worktree];
    return files.find((file) => {
      const stat = statOf(file);
      return stat?.isFile() === true && (size === undefined || hash !== "md5" || stat.size === size);
    });
  }

  /** Bytes of that file. */
  sizeOf(content: DvcContent): number | undefined {
    const file = this.localFile(content);
    return file === undefined ? undefined : statOf(file)?.size;
  }

  /** @throws what a remote throws that cannot be reached or says no. */
  async take(content: DvcContent, cache: Cache, signal: AbortSignal): Promise<Attempt> {
    const { md5, hash, worktree } = content;
    let reason = `nothing here has ${md5}`;
    for (const file of [...this.#inCaches(md5, hash), worktree]) {
      if (statOf(file)?.isFile() !== true) continue;
      const pointer = await takeIn(fileParts(file), new Md5Verifier(md5, hash), cache);
      if (pointer) return { pointer, origin: "copied" };
      if (file !== worktree) reason = `${file} is damaged: its MD5 is another`;
    }
    for (const remote of this.#remotes)
      for (const name of dvcPaths(md5, hash)) {
        const use = (body: AsyncIterable<Uint8Array>) => takeIn(body, new Md5Verifier(md5, hash), cache);
        const found = await load(remote, name, use, signal);
        if (found?.result) return { pointer: found.result, origin: "fetched" };
        if (found) reason = `${name} in ${remote.location} is damaged: its MD5 is another`;
      }
    return { pointer: undefined, reason: this.hasRemotes ? `${reason}, nor has a remote that was named` : reason };
  }

  /**
   * The files of a folder that DVC keeps; undefined when its listing is nowhere. What was verified once is kept, so that a later run asks nobody.
   * @throws MlgitError kind `corrupt` for a listing that is none.
   */
  async listing(md5: string, signal: AbortSignal): Promise<DvcEntry[] | undefined> {
    const kept = join(this.#listings, `${md5}.dir`);
    const names = dvcPaths(md5, "md5").map((name) => `${name}.dir`);
    for (const file of [kept, ...this.#caches.flatMap((cache) => names.map((name) => join(cache, name)))]) {
      const stat = statOf(file);
      const bytes = stat?.isFile() === true && stat.size <= listingLimit ? readFileSync(file) : undefined;
      if (bytes && isMd5(bytes, md5)) return this.#keep(kept, bytes, md5);
    }
    for (const remote of this.#remotes)
      for (const name of names) {
        const found = await load(remote, name, gather, signal);
        if (found && isMd5(found.result, md5)) return this.#keep(kept, found.result, md5);
      }
    return undefined;
  }

  #keep(file: string, bytes: Buffer, md5: string): DvcEntry[] {
    const entries = parseListing(bytes, `${md5}.dir`);
    if (!existsSync(file)) {
      makeFolder(this.#listings);
      writeDurable(file, bytes);
    }
    return entries;
  }

  #inCaches(md5: string, hash: DvcHash): string[] {
    return this.#caches.flatMap((cache) => dvcPaths(md5, hash).map((name) => join(cache, name)));
  }

  async close(): Promise<void> {
    for (const remote of this.#remotes) await remote.close();
  }
}

/** DVC's configuration of one `.dvc` folder, the file that is not committed included. */
export function readDvcConfig(folder: string): DvcConfig {
  const texts = ["config", "config.local"].flatMap((name) => {
    const file = join(folder, name);
    return lstatSync(file, { throwIfNoEntry: false })?.isFile() ? [readFileSync(file, "utf8")] : [];
  });
  return parseDvcConfig(texts);
}

export interface DvcPlaces {
  readonly caches: readonly string[];
  /** Of the remotes that were named. */
  readonly remotes: readonly BackendOptions[];
  /** What could be named. */
  readonly known: readonly string[];
  /** DVC's own choice, if it has one. */
  readonly preset: string | undefined;
}

/** @throws MlgitError kind `setup` for a remote that no configuration has. */
export function dvcPlaces(roots: readonly string[], names: readonly string[]): DvcPlaces {
  const configs = roots.map((root) => ({ folder: join(root, ".dvc"), config: readDvcConfig(join(root, ".dvc")) }));
  const remotes = names.map((name) => {
    const owner = configs.find(({ config }) => remoteNames(config).includes(name)) ?? configs[0];
    if (!owner) throw new MlgitError("setup", "there is no configuration of DVC here");
    return remoteOptions(owner.config, name, owner.folder);
  });
  return {
    caches: configs.map(({ config, folder }) => cacheFolder(config, folder)),
    remotes,
    known: configs.flatMap(({ config }) => remoteNames(config)),
    preset: configs.map(({ config }) => config.get("core")?.get("remote")).find(Boolean),
  };
}

/** Undefined when the place has no such object. */
async function load<T>(
  backend: Backend,
  name: string,
  use: (body: AsyncIterable<Uint8Array>) => Promise<T>,
  signal: AbortSignal,
): Promise<{ readonly result: T } | undefined> {
  try {
    return { result: await backend.load({ type: "plain", name }, undefined, use, signal) };
  } catch (error) {
    if (backend.isNotFound(error)) return undefined;
    throw error;
  }
}

async function gather(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > listingLimit) return Buffer.alloc(0);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function isMd5(bytes: Buffer, md5: string): boolean {
  return createHash("md5").update(bytes).digest("hex") === md5;
}

/** Of what a path leads to: DVC may have put symlinks to its cache into the worktree. */
function statOf(file: string) {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
