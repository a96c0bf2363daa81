import { lstatSync } from "node:fs";
import { join } from "node:path";
import { addPatterns } from "../../git/attribute-edit.ts";
import { editAttributes } from "../../git/attribute-file.ts";
import { literalPattern } from "../../git/attribute-line.ts";
import { blobOid, writeBlobs } from "../../git/blob-pack.ts";
import { areTracked } from "../../git/check-attributes.ts";
import { areIgnored } from "../../git/check-ignore.ts";
import { stampIndex } from "../../git/index-stamp.ts";
import { addPaths, stageEntries } from "../../git/stage.ts";
import type { Stage } from "../../pipeline/stage.ts";
import type { FileState } from "../../util/file-state.ts";
import { LinkChanges } from "../../util/link-changes.ts";
import type { Session } from "../session.ts";
import { guardsFor, toBytes } from "../track-pattern.ts";

export interface MadeFile {
  readonly pointer: Uint8Array;
  readonly stat: FileState;
}

/** Files that stages made or got back, until they are staged together. */
export class MadeFiles {
  /** By path, relative to the top. */
  readonly #files = new Map<string, MadeFile>();
  readonly #plain = new Set<string>();
  #links = new LinkChanges();

  get isEmpty(): boolean {
    return this.#files.size === 0 && this.#plain.size === 0;
  }

  /** Where is noted which shared files got a name more. */
  get links(): LinkChanges {
    return this.#links;
  }

  add(path: string, file: MadeFile): void {
    this.#files.set(path, file);
  }

  /** Files that git keeps itself. */
  addPlain(path: string): void {
    this.#plain.add(path);
  }

  /**
   * Makes the kept outputs of stages tracked where they are not, and puts everything into the index, which then knows the files' state. Ignored paths are left out.
   */
  async stage(session: Session, stages: readonly Stage[]): Promise<void> {
    const repository = session.workTree;
    await this.#track(session, stages);
    const paths = [...this.#files.keys()].filter((path) => this.#isStill(repository.workTree, path));
    const ignored = await areIgnored(repository, [...paths, ...this.#plain]);
    const tracked = await areTracked(repository, paths.map(toBuffer));
    const ours = paths.filter((_, i) => !ignored[i] && tracked[i]);
    const plain = [...this.#plain].filter((_, i) => !ignored[paths.length + i]);
    await addPaths(repository, plain.map(toBuffer));
    const entries = ours.map((path) => this.#entry(session, path));
    await writeBlobs(repository, [...new Map(entries.map(({ blob, pointer }) => [blob, pointer] as const)).values()]);
    await stageEntries(repository, entries);
    await stampIndex(repository, entries, { links: this.#links });
    this.#links = new LinkChanges();
    this.#files.clear();
    this.#plain.clear();
  }

  #entry(session: Session, path: string) {
    const { pointer, stat } = this.#files.get(path) as MadeFile;
    const mode = (stat.mode & 0o100n) !== 0n ? "100755" : "100644";
    return { path: toBuffer(path), pointer, stat, mode, blob: blobOid(session.repository, pointer) };
  }

  async #track(session: Session, stages: readonly Stage[]): Promise<void> {
    const repository = session.workTree;
    const files = [...this.#files.keys()];
    const tracked = await areTracked(repository, files.map(toBuffer));
    const raw = files.filter((_, i) => !tracked[i]);
    const ignored = await areIgnored(repository, raw);
    const wanted = new Set(raw.filter((_, i) => !ignored[i]));
    const patterns = patternsFor(stages, wanted, repository.workTree);
    if (patterns.length === 0) return;
    const guards = await guardsFor({ ...repository, prefix: "" }, patterns);
    if (editAttributes(join(repository.workTree, ".gitattributes"), (text) => addPatterns(text, patterns, guards)))
      this.addPlain(".gitattributes");
  }

  #isStill(top: string, path: string): boolean {
    const now = lstatSync(join(top, path), { bigint: true, throwIfNoEntry: false });
    const then = this.#files.get(path)?.stat;
    return now !== undefined && now.ino === then?.ino && now.mtimeNs === then.mtimeNs && now.size === then.size;
  }
}

/** One for each output that holds a wanted file: its name, or all below it. */
function patternsFor(stages: readonly Stage[], wanted: ReadonlySet<string>, top: string): string[] {
  const outputs = stages.flatMap(({ outputs }) => outputs).filter(({ kind }) => kind === "kept");
  return outputs.flatMap(({ path }) => {
    const isFolder = lstatSync(join(top, path), { throwIfNoEntry: false })?.isDirectory() ?? false;
    const holds = isFolder ? [...wanted].some((one) => one.startsWith(`${path}/`)) : wanted.has(path);
    return holds ? [toBytes(literalPattern(path)) + (isFolder ? "/**" : "")] : [];
  });
}

function toBuffer(path: string): Buffer {
  return Buffer.from(path);
}
