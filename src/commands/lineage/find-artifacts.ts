import { join } from "node:path";
import { parseVersionTag } from "../../entity/version-tag.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { openCatFile } from "../../git/cat-file.ts";
import type { Repository } from "../../git/repository.ts";
import { listTree } from "../../git/tree-scan.ts";
import { UnchangedEntries } from "../../git/unchanged-entries.ts";
import type { LineageIndex } from "../../lineage/lineage-index.ts";
import { blobName, folderListing, type ListedFile } from "../../lineage/run-record.ts";
import type { Artifact } from "../../lineage/trace.ts";
import { Artifacts, type FoundArtifact } from "../../pipeline/artifacts.ts";
import { StatCache } from "../../pipeline/stat-cache.ts";
import { parsePointer } from "../../pointer/pointer.ts";
import { pipelineFolder } from "../pipeline/open-pipeline.ts";

/** An artifact, of which the worktree may know more. */
export type FoundSubject = Artifact &
  Partial<Pick<FoundArtifact, "mode" | "size" | "files">> & {
    /** Of a folder whose files are artifacts, too: the listing that its oid names. */
    readonly listing?: Uint8Array;
  };

/** What a question is about: a run, or artifacts. */
export type Subject = { readonly run: string } | { readonly artifacts: readonly FoundSubject[]; readonly name: string };

/**
 * What a word on the command line names: a file or folder of the worktree, `<revision>:<path>`, an entity's version (`name@3`, or its tag), an oid or
 * a run by its first digits.
 * @throws MlgitError kind `usage` for what names nothing, or several things.
 */
export async function findSubject(word: string, repository: Repository, index: LineageIndex): Promise<Subject> {
  const here = lookInWorktree(word, repository);
  if (here) return { artifacts: [here], name: here.path ?? word };
  const colon = word.indexOf(":");
  if (word.startsWith("sha256:")) return byOid(word.slice("sha256:".length), index, word);
  if (colon > 0) return { artifacts: await artifactsOf(repository, word, word.slice(colon + 1)), name: word };
  if (/^[0-9a-f]{6,64}$/.test(word)) {
    const runs = index.recordsLike(word);
    if (runs.length === 1 && runs[0] !== undefined) return { run: runs[0] };
    if (runs.length > 1) throw ambiguous(word, runs);
    return byOid(word, index, word);
  }
  const version = await versionArtifacts(word, repository);
  if (version) return { artifacts: version, name: word };
  throw unknown(word);
}

/** The same where only artifacts make sense. @throws MlgitError kind `usage`. */
export async function findArtifacts(word: string, repository: Repository, index: LineageIndex) {
  const subject = await findSubject(word, repository, index);
  if ("artifacts" in subject) return subject;
  throw new MlgitError("usage", `${word} is a run; name what it made, or what it used`, {
    hint: `git mlgit lineage ${word}`,
  });
}

/** A file or folder of the worktree by its path; undefined for what is none. */
export function lookInWorktree(word: string, repository: Repository): FoundSubject | undefined {
  const { workTree, prefix } = repository;
  if (workTree === undefined) return undefined;
  const path = join("/", prefix, word).slice(1).replace(/\/$/, "");
  if (path === "" || word.startsWith("/")) return undefined;
  return new Artifacts(workTree, knownContents(repository)).look(path);
}

/** Larger files are worth asking git about before they are read. */
const largeFile = 8 << 20;

/** What stages and git itself know of files that they have read. */
export function knownContents(repository: Repository): StatCache {
  const file = join(pipelineFolder(repository.gitDir), "stat");
  return new StatCache(file, new UnchangedEntries(repository, largeFile));
}

function byOid(hex: string, index: LineageIndex, word: string): Subject {
  if (/^[0-9a-f]{64}$/.test(hex)) return { artifacts: [{ oid: `sha256:${hex}` }], name: word };
  const found = /^[0-9a-f]{6,}$/.test(hex) ? index.artifactsLike(hex) : [];
  if (found.length > 1) throw ambiguous(word, found);
  if (found[0] === undefined) throw unknown(word);
  return { artifacts: [{ oid: `sha256:${found[0]}` }], name: word };
}

/** Every file of an entity's version, and its folders as a whole. */
async function versionArtifacts(word: string, repository: Repository): Promise<FoundSubject[] | undefined> {
  const [, name = "", number] = /^(.+)@(\d+)$/.exec(word) ?? [];
  if (number === undefined && !parseVersionTag(word)) return undefined;
  const [{ kinds }, { findVersion }] = await Promise.all([
    import("../../entity/kind.ts"),
    import("../kind/versions.ts"),
  ]);
  for (const kind of kinds()) {
    const request = number === undefined ? { word } : { word: name, number: Number(number) };
    const version = await findVersion(repository, kind, request).catch(() => undefined);
    if (version) return artifactsOf(repository, version.tree, version.place.folder);
  }
  throw new MlgitError("usage", `there is no version ${word} here`, {
    hint: "git mlgit datasets list; git fetch --tags",
  });
}

/** The oid of a tree of git as a folder. */
export async function treeArtifact(repository: Repository, treeish: string): Promise<string> {
  return blobName(folderListing(await readFiles(repository, treeish, treeish)));
}

/** The artifacts that a blob or a tree of git holds: the thing itself, its files, and the folders below it. */
async function artifactsOf(repository: Repository, treeish: string, path: string): Promise<FoundSubject[]> {
  const files = await readFiles(repository, treeish, path);
  const parts = [...new Set(files.flatMap((file) => parentsOf(file.path)))];
  const folders = parts.map((folder) => {
    const below = files.filter((file) => folder === "" || file.path.startsWith(`${folder}/`));
    const skip = folder === "" ? 0 : folder.length + 1;
    const listing = folderListing(below.map((file) => ({ ...file, path: file.path.slice(skip) })));
    const size = below.reduce((sum, file) => sum + file.size, 0);
    return { oid: blobName(listing), path: folder === "" ? path : `${path}/${folder}`, mode: "040000", size, listing };
  });
  return [
    ...folders,
    ...files.map(({ oid, size, ...file }) => ({ oid, size, path: file.path === "" ? path : `${path}/${file.path}` })),
  ];
}

function parentsOf(path: string): string[] {
  if (path === "") return [];
  const words = path.split("/").slice(0, -1);
  return ["", ...words.map((_, i) => words.slice(0, i + 1).join("/"))];
}

/** With paths relative to the tree; a blob's own is empty. */
export async function readFiles(repository: Repository, treeish: string, word: string): Promise<ListedFile[]> {
  const cat = await openCatFile(repository);
  try {
    const [object] = await cat.info([treeish]);
    if (object?.type !== "tree" && object?.type !== "blob") throw unknown(treeish.includes(":") ? treeish : word);
    if (object.type === "blob")
      return [{ path: "", mode: "100644", ...contentOf((await cat.contents([treeish]))[0]?.bytes) }];
    const files: ListedFile[] = [];
    for await (const { path, mode, blob } of listTree(repository, treeish)) {
      const [content] = await cat.contents([blob]);
      files.push({ path: path.toString("utf8"), mode, ...contentOf(content?.bytes) });
    }
    return files;
  } finally {
    cat.close();
  }
}

function contentOf(bytes: Buffer = Buffer.alloc(0)): Pick<ListedFile, "oid" | "size"> {
  const pointer = parsePointer(bytes);
  return pointer ? { oid: `sha256:${pointer.oid}`, size: pointer.size } : { oid: blobName(bytes), size: bytes.length };
}

function unknown(word: string): MlgitError {
  return new MlgitError("usage", `${word} is no file here, no version, no run and no content that a run knows`, {
    hint: "name a path, <revision>:<path>, <entity>@<version>, sha256:<oid>, or a run of `git mlgit lineage runs`",
  });
}

function ambiguous(word: string, found: readonly string[]): MlgitError {
  const some = found.slice(0, 5).map((one) => one.slice(0, 16));
  return new MlgitError("usage", `${word} may be ${some.join(", ")}${found.length > 5 ? ", …" : ""}`, {
    hint: "give more digits",
  });
}
