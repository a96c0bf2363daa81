import { join } from "node:path";
import type { Repository } from "../git/repository.ts";
import { type Artifact, hexOf } from "./artifact.ts";
import { FolderMembers } from "./folder-members.ts";
import type { LineageIndex } from "./lineage-index.ts";
import { type ListedFile, parseFolderListing } from "./run-record.ts";
import { readRunBlobs } from "./run-store.ts";

/** So many folders that came since are looked into one by one; with more the file is written anew. */
const mostNew = 16;
/** So many listings are read at a time: each may be large. */
const batch = 64;

/** Joins files with the folders that hold them: a run may write a folder of which another one reads a single file, or a copy of it that lies elsewhere. */
export class FolderContents {
  readonly #repository: Repository;
  readonly #known: ReadonlySet<string>;
  readonly #listings = new Map<string, readonly ListedFile[]>();
  #members: Promise<FolderMembers> | undefined;

  constructor(repository: Repository, index: LineageIndex) {
    this.#repository = repository;
    this.#known = new Set(index.folders.map(({ oid }) => oid));
  }

  /** Oids of the files that a folder holds; none for a file. */
  async filesIn(artifact: Artifact): Promise<string[]> {
    return (await this.inside(artifact)).map(({ oid }) => oid);
  }

  /** The files that a folder holds, but empty ones; none for a file. */
  async inside(artifact: Artifact): Promise<readonly ListedFile[]> {
    return filled(await this.#inside(artifact));
  }

  /** Oids of other folders that hold all of an artifact, wherever in them. */
  async holders(artifact: Artifact): Promise<string[]> {
    const inside = await this.inside(artifact);
    const wanted = inside.length > 0 ? inside : [{ path: "", oid: artifact.oid }];
    const [first] = wanted;
    const found: string[] = [];
    for (const folder of first ? await this.#holding(first.oid) : [])
      if (named(folder) !== artifact.oid && holds(filled(await this.#listing(folder)), wanted))
        found.push(named(folder));
    return found;
  }

  /** Oids of folders that have any file of a folder. */
  async sharing(artifact: Artifact): Promise<string[]> {
    const own = new Set(await this.filesIn(artifact));
    const may = new Set<string>();
    for (const oid of own) for (const folder of await this.#holding(oid)) may.add(folder);
    may.delete(hexOf(artifact.oid));
    const found: string[] = [];
    for (const folder of may)
      if ((await this.#listing(folder)).some(({ oid }) => own.has(oid))) found.push(named(folder));
    return found;
  }

  async #holding(oid: string): Promise<string[]> {
    if (this.#known.size === 0) return [];
    this.#members ??= this.#openMembers();
    return (await this.#members).holding(hexOf(oid));
  }

  /** What a folder holds; empty for a file. */
  async #inside({ oid, files }: Artifact): Promise<readonly ListedFile[]> {
    return files ?? (this.#known.has(hexOf(oid)) ? this.#listing(hexOf(oid)) : []);
  }

  async #openMembers(): Promise<FolderMembers> {
    const file = join(this.#repository.commonDir, "mlgit-lineage", "folders");
    let members = FolderMembers.read(file);
    const listed = new Set(members.folders);
    const fresh = [...this.#known].filter((folder) => !listed.has(folder));
    for (let i = 0; i < fresh.length; i += batch) {
      const some = await this.#read(fresh.slice(i, i + batch));
      members = members.with(
        new Map([...some].map(([folder, files]) => [folder, filled(files).map(({ oid }) => hexOf(oid))])),
      );
    }
    if (members.folders.length > listed.size && fresh.length > mostNew) members.write(file);
    return members;
  }

  async #listing(hex: string): Promise<readonly ListedFile[]> {
    const known = this.#listings.get(hex) ?? (await this.#read([hex])).get(hex) ?? [];
    this.#listings.set(hex, known);
    return known;
  }

  async #read(folders: readonly string[]): Promise<Map<string, readonly ListedFile[]>> {
    const blobs = await readRunBlobs(this.#repository, folders.map(named));
    return new Map(
      folders.flatMap((folder) => {
        const bytes = blobs.get(named(folder));
        const files = bytes && parseFolderListing(bytes);
        return files ? [[folder, files]] : [];
      }),
    );
  }
}

/** Empty files are the same everywhere and connect nothing. */
function filled(files: readonly ListedFile[]): readonly ListedFile[] {
  return files.filter(({ size }) => size > 0);
}

/** Whether a folder has files, below each other as they are. */
function holds(files: readonly ListedFile[], wanted: readonly Pick<ListedFile, "path" | "oid">[]): boolean {
  const [first] = wanted;
  if (first === undefined) return false;
  if (wanted.length === 1 && first.path === "") return files.some(({ oid }) => oid === first.oid);
  const at = new Map(files.map(({ path, oid }) => [path, oid]));
  const tops = files.filter(({ path, oid }) => oid === first.oid && `/${path}`.endsWith(`/${first.path}`));
  return tops.some(({ path }) => {
    const top = path.slice(0, path.length - first.path.length);
    return wanted.every((file) => at.get(top + file.path) === file.oid);
  });
}

function named(hex: string): string {
  return `sha256:${hex}`;
}
