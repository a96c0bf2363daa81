import { type CatFile, openCatFile } from "../../git/cat-file.ts";
import type { Repository } from "../../git/repository.ts";
import { listTree } from "../../git/tree-scan.ts";
import { blobName } from "../../lineage/run-record.ts";
import type { Artifact } from "../../lineage/trace.ts";
import { parsePointer, pointerLimit } from "../../pointer/pointer.ts";
import { treeArtifact } from "./find-artifacts.ts";

/** What is looked for. Where a size is known, of git's own files only those as large have to be read. */
export type Wanted = Artifact & { readonly size?: number };

/** Of artifacts with paths, those that a revision still has there, with the same content. */
export async function stillIn(
  revision: string,
  artifacts: readonly Artifact[],
  repository: Repository,
): Promise<Artifact[]> {
  const named = artifacts.filter(({ path }) => path !== undefined);
  const cat = await openCatFile(repository);
  try {
    const names = named.map(({ path }) => `${revision}:${path}`);
    const infos = await cat.info(names);
    const found: Artifact[] = [];
    for (const [i, artifact] of named.entries()) {
      const type = infos[i]?.type;
      const oid =
        type === "tree"
          ? await treeArtifact(repository, names[i] as string)
          : type === "blob"
            ? oidOf((await cat.contents([names[i] as string]))[0]?.bytes ?? Buffer.alloc(0))
            : undefined;
      if (oid === artifact.oid) found.push(artifact);
    }
    return found;
  } finally {
    cat.close();
  }
}

/** Larger files of git's own are not read only to see what they are. */
const mostRead = 64 << 20;
const batch = 4096;

/**
 * Finds contents under any path of revisions: tracked files by their pointers, git's own by their bytes, if they are as large as something that is looked for, or the size of that is not
 * known. What many revisions have is read once.
 */
export class CopyFinder {
  readonly #repository: Repository;
  readonly #wanted: ReadonlySet<string>;
  /** Undefined: any. */
  readonly #sizes: ReadonlySet<number> | undefined;
  /** By blob; undefined for what is not wanted. */
  readonly #oids = new Map<string, string | undefined>();

  constructor(repository: Repository, wanted: readonly Wanted[]) {
    this.#repository = repository;
    const filled = wanted.filter(({ oid }) => oid !== blobName(Buffer.alloc(0)));
    this.#wanted = new Set(filled.map(({ oid }) => oid));
    const sizes = filled.flatMap(({ size }) => size ?? []);
    this.#sizes = sizes.length < filled.length ? undefined : new Set(sizes);
  }

  /** The files of a revision that have such content. */
  async in(revision: string): Promise<Artifact[]> {
    const files: { readonly path: string; readonly blob: string }[] = [];
    if (this.#wanted.size === 0) return [];
    for await (const { path, blob } of listTree(this.#repository, revision))
      files.push({ path: path.toString("utf8"), blob });
    await this.#learn([...new Set(files.map(({ blob }) => blob))].filter((blob) => !this.#oids.has(blob)));
    return files.flatMap(({ path, blob }) => {
      const oid = this.#oids.get(blob);
      return oid === undefined ? [] : [{ oid, path }];
    });
  }

  async #learn(blobs: readonly string[]): Promise<void> {
    const cat = await openCatFile(this.#repository);
    try {
      for (let i = 0; i < blobs.length; i += batch) await this.#read(blobs.slice(i, i + batch), cat);
    } finally {
      cat.close();
    }
  }

  async #read(blobs: readonly string[], cat: CatFile): Promise<void> {
    const infos = await cat.info(blobs);
    const like = (fits: (size: number) => boolean) =>
      blobs.filter((_, i) => infos[i]?.type === "blob" && fits(infos[i].size));
    const large = like((size) => size >= pointerLimit && size <= mostRead && (this.#sizes?.has(size) ?? true));
    for (const blob of blobs) this.#oids.set(blob, undefined);
    for (const some of [like((size) => size < pointerLimit), ...large.map((blob) => [blob])])
      for (const [i, { bytes }] of (await cat.contents(some)).entries()) {
        const oid = oidOf(bytes ?? Buffer.alloc(0));
        if (this.#wanted.has(oid)) this.#oids.set(some[i] as string, oid);
      }
  }
}

function oidOf(bytes: Buffer): string {
  const pointer = parsePointer(bytes);
  return pointer ? `sha256:${pointer.oid}` : blobName(bytes);
}
