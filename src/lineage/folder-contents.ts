import type { Repository } from "../git/repository.ts";
import type { LineageIndex } from "./lineage-index.ts";
import { type ListedFile, parseFolderListing } from "./run-record.ts";
import { readRunBlob } from "./run-store.ts";
import type { Artifact } from "./trace.ts";

/** Joins files with the folders that hold them: a run may write a folder of which another one reads a single file. */
export class FolderContents {
  readonly #repository: Repository;
  readonly #index: LineageIndex;
  readonly #listings = new Map<string, Promise<readonly ListedFile[]>>();

  constructor(repository: Repository, index: LineageIndex) {
    this.#repository = repository;
    this.#index = index;
  }

  /** Oids of folders that hold an artifact, and of the files that an artifact holds. */
  async relatedTo(artifact: Artifact): Promise<string[]> {
    const folders = this.#index.folders;
    if (folders.length === 0) return [];
    const inside = await this.#inside(artifact.oid);
    const related = inside.filter(({ size }) => size > 0).map(({ oid }) => oid);
    const marks = inside[0] ? { oid: inside[0].oid, below: `/${inside[0].path}` } : { oid: artifact.oid, below: "" };
    for (const folder of folders) {
      const { path } = artifact;
      if (folder.path === path || (path !== undefined && !path.startsWith(`${folder.path}/`))) continue;
      const name = path === undefined ? undefined : path.slice(folder.path.length + 1) + marks.below;
      const files = await this.#listing(folder.oid);
      if (files.some((file) => file.oid === marks.oid && (name === undefined || file.path === name)))
        related.push(`sha256:${folder.oid}`);
    }
    return [...new Set(related)].filter((oid) => oid !== artifact.oid);
  }

  /** What a folder holds; empty for a file. */
  async #inside(oid: string): Promise<readonly ListedFile[]> {
    const hex = oid.replace(/^sha256:/, "");
    return this.#index.folders.some((folder) => folder.oid === hex) ? this.#listing(hex) : [];
  }

  #listing(hex: string): Promise<readonly ListedFile[]> {
    let listing = this.#listings.get(hex);
    if (!listing) {
      listing = readRunBlob(this.#repository, `sha256:${hex}`).then(
        (bytes) => (bytes && parseFolderListing(bytes)) ?? [],
      );
      this.#listings.set(hex, listing);
    }
    return listing;
  }
}
