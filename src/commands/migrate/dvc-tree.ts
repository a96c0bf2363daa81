import { posix } from "node:path";
import { addPatterns } from "../../git/attribute-edit.ts";
import { literalPattern } from "../../git/attribute-line.ts";
import { blobOid, writeBlobs } from "../../git/blob-pack.ts";
import { pathsUnder } from "../../git/history-files.ts";
import type { Repository } from "../../git/repository.ts";
import { editTree } from "../../git/temporary-index.ts";
import { pipelineFile } from "../../pipeline/stage.ts";
import { formatPointer, type Pointer } from "../../pointer/pointer.ts";
import type { Cache } from "../../store/local/cache.ts";
import { guardsFor, toBytes } from "../track-pattern.ts";
import type { DvcTarget } from "./dvc-files.ts";
import { type IndexTexts, readTexts } from "./index-texts.ts";
import type { Problem } from "./report.ts";

export interface DvcEdit {
  readonly targets: readonly DvcTarget[];
  readonly pointers: ReadonlyMap<string, Pointer>;
  /** Paths that are metrics: small files in git itself. */
  readonly plain: ReadonlySet<string>;
  /** Files of DVC's that nothing needs any more. */
  readonly removed: readonly string[];
  readonly pipeline: string | undefined;
}

export interface DvcTree {
  readonly tree: string;
  /** Files that are tracked now. */
  readonly tracked: number;
  readonly problems: readonly Problem[];
}

/** Larger files do not belong into git itself. */
const plainLimit = 1 << 20;

/** The tree with pointers in place of DVC's files. Writes objects, and neither index nor worktree. */
export async function buildDvcTree(
  repository: Repository,
  base: string,
  edit: DvcEdit,
  cache: Cache,
): Promise<DvcTree> {
  const texts = await readTexts(repository, ["**/.gitattributes", "**/.gitignore"]);
  const builder = new TreeBuilder(repository, texts, cache);
  const isPlain = (target: DvcTarget) => edit.plain.has(target.path);
  const pointed = edit.targets.filter((one) => edit.pointers.has(one.content.name));
  builder.trackAll(
    pointed.filter((one) => !isPlain(one)),
    await builder.guards(pointed),
  );
  const tracked = await builder.trackedPaths(pointed.map(({ path }) => path));
  for (const target of pointed) {
    const pointer = edit.pointers.get(target.content.name) as Pointer;
    if (tracked.has(target.path) && !isPlain(target)) builder.putPointer(target, pointer);
    else builder.putPlain(target, pointer);
    builder.unignore(target.out.place);
  }
  if (edit.pipeline !== undefined) builder.putText(pipelineFile, edit.pipeline);
  return { ...(await builder.write(base, edit.removed)), problems: builder.problems };
}

class TreeBuilder {
  readonly problems: Problem[] = [];
  readonly #repository: Repository;
  readonly #texts: IndexTexts;
  readonly #cache: Cache;
  readonly #changed = new Map<string, string>();
  readonly #files = new Map<string, { readonly bytes: Buffer; readonly mode: string }>();
  #tracked = 0;

  constructor(repository: Repository, texts: IndexTexts, cache: Cache) {
    this.#repository = repository;
    this.#texts = texts;
    this.#cache = cache;
  }

  guards(targets: readonly DvcTarget[]): Promise<string[]> {
    return guardsFor({ ...this.#repository, prefix: "" }, patternsOf(targets));
  }

  trackAll(targets: readonly DvcTarget[], guards: readonly string[]): void {
    const path = ".gitattributes";
    this.#changed.set(path, addPatterns(this.#text(path), patternsOf(targets), guards));
  }

  /** Of these paths, those that the new attributes track. */
  async trackedPaths(paths: readonly string[]): Promise<ReadonlySet<string>> {
    const files = [...new Set([...this.#texts.keys(), ".gitattributes"])].filter(
      (path) => posix.basename(path) === ".gitattributes",
    );
    const blobs = files.map((path) => ({ path: toBytes(path), bytes: Buffer.from(this.#text(path), "latin1") }));
    await writeBlobs(
      this.#repository,
      blobs.map(({ bytes }) => bytes),
    );
    const state = blobs.map(({ path, bytes }) => ({ path, blob: blobOid(this.#repository, bytes) }));
    const found = await pathsUnder(this.#repository, state, paths.map(toBytes), ["mlgit"]);
    const set = new Set(found);
    return new Set(paths.filter((path) => set.has(toBytes(path))));
  }

  putPointer({ path, mode }: DvcTarget, pointer: Pointer): void {
    this.#files.set(path, { mode, bytes: pointer.size === 0 ? Buffer.alloc(0) : formatPointer(pointer) });
    this.#tracked++;
  }

  /** Metrics, and names that mlgit itself reads: small ones stay in git as they are. */
  putPlain({ path, mode }: DvcTarget, { oid, size }: Pointer): void {
    const content = size <= plainLimit ? this.#cache.get(oid) : undefined;
    if (size === 0) this.#files.set(path, { mode, bytes: Buffer.alloc(0) });
    else if (content?.kind === "bytes") this.#files.set(path, { mode, bytes: Buffer.from(content.content) });
    else this.problems.push({ path, reason: "is too large for git itself, and its name cannot be tracked" });
  }

  putText(path: string, text: string): void {
    this.#files.set(path, { mode: "100644", bytes: Buffer.from(text) });
  }

  /** Takes the line out by which DVC hid an output from git. */
  unignore(place: string): void {
    const path = posix.join(posix.dirname(place), ".gitignore");
    const name = posix.basename(place);
    const lines = new Set([`/${name}`, literalPattern(name)].map(toBytes));
    const kept = this.#text(path)
      .split("\n")
      .filter((line) => !lines.has(line.replace(/\r$/, "")));
    if (this.#texts.has(path)) this.#changed.set(path, kept.join("\n"));
  }

  async write(base: string, removed: readonly string[]): Promise<Pick<DvcTree, "tree" | "tracked">> {
    const gone = [...removed];
    for (const [path, text] of this.#changed)
      if (text.trim() === "" && path !== ".gitattributes") gone.push(path);
      else if (text !== (this.#texts.get(path) ?? ""))
        this.#files.set(path, { mode: "100644", bytes: Buffer.from(text, "latin1") });
    const files = [...this.#files];
    await writeBlobs(
      this.#repository,
      files.map(([, { bytes }]) => bytes),
    );
    const entries = files.map(([path, { mode, bytes }]) => ({
      path: Buffer.from(path),
      mode,
      blob: blobOid(this.#repository, bytes),
    }));
    const tree = await editTree(this.#repository, base, { entries, removed: gone.map((path) => Buffer.from(path)) });
    return { tree, tracked: this.#tracked };
  }

  #text(path: string): string {
    return this.#changed.get(path) ?? this.#texts.get(path) ?? "";
  }
}

/** One pattern for each output: a file's name, or a folder and all below it. */
function patternsOf(targets: readonly DvcTarget[]): string[] {
  const outs = new Set(targets.map(({ out }) => out));
  return [...outs].map(({ place, isFolder }) => toBytes(literalPattern(place) + (isFolder ? "/**" : "")));
}
