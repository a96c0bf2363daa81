import { mayBeEntity } from "../entity/entity-path.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { ByteList } from "../git/byte-list.ts";
import { type CatFile, openCatFile } from "../git/cat-file.ts";
import { type Change, eachStagedChanges } from "../git/changes.ts";
import { type AttributeCheck, openAttributeCheck } from "../git/check-attributes.ts";
import { quotePath } from "../git/quote-path.ts";
import type { Repository } from "../git/repository.ts";
import { joined } from "../git/tree-scan.ts";
import { passesThrough } from "../pointer/pass-through.ts";
import { pointerLimit } from "../pointer/pointer.ts";
import { counted } from "../util/counted.ts";
import type { Command } from "./command.ts";
import { assertKinds } from "./declared-kinds.ts";
import { encodedAmong } from "./encoded-files.ts";
import { askedAtMost, warnOfUnattributed } from "./unattributed.ts";

/** They are asked about together. */
const changesAtOnce = 4096;

/**
 * git's hook before a commit: refuses raw bytes under a tracked path, which get there when a `git add` ran without the filter, and whatever breaks
 * the rules of an entity.
 */
export const command: Command = {
  raw: true,
  async run(context) {
    const repository = await context.repository();
    assertKinds();
    const raw: Change[] = [];
    const governed = new ByteList();
    const finder = new RawFinder(repository);
    try {
      for await (const changes of joined(eachStagedChanges(repository), changesAtOnce)) {
        raw.push(...(await finder.find(changes)));
        for (const { path } of changes) if (mayBeEntity(path.toString("latin1"))) governed.add(path);
      }
    } finally {
      await finder.close();
    }
    if (raw.length === 0) {
      await warnOfUnattributed(repository, finder.tracked, context.warn);
      // Whether there is a spec is looked up by those who load the parser for it.
      if (governed.length > 0)
        await (await import("./staged-entities.ts")).checkStagedEntities(
          repository,
          { paths: governed, files: finder },
          context.warn,
        );
      return {};
    }
    const shown = raw.slice(0, 20).map((change) => `  ${quotePath(change.path)}`);
    if (raw.length > shown.length) shown.push(`  … and ${raw.length - shown.length} more`);
    throw new MlgitError(
      "refused",
      `${counted(raw.length, "tracked file is staged with its bytes and not as a pointer", "tracked files are staged with their bytes and not as pointers")}:\n${shown.join("\n")}`,
      {
        path: quotePath(raw[0]?.path ?? Buffer.alloc(0)),
        hint: await hintFor(repository, raw),
      },
    );
  },
};

/** git encodes what the filter gives it anew where that attribute is set, and no adding helps. */
async function hintFor(repository: Repository, raw: readonly Change[]): Promise<string> {
  const encoded = await encodedAmong(
    repository,
    raw.map(({ path }) => path),
  );
  const [first] = encoded;
  return first
    ? `git gives pointers another encoding where working-tree-encoding is set, as for ${quotePath(first)}: take it out of .gitattributes there, or git mlgit untrack; then git add --renormalize <path>`
    : "they were added without mlgit's filter: git mlgit install, then git add --renormalize <path>";
}

/** Finds the staged files under tracked paths that are no pointers, with processes that are started when they are needed. */
class RawFinder {
  readonly #repository: Repository;
  /** The first of the tracked files that were found. */
  readonly tracked: Buffer[] = [];
  /** The first of those that no pattern tracks and that lie where entities do. */
  readonly plain: Buffer[] = [];
  #check: AttributeCheck | undefined;
  #cat: Promise<CatFile> | undefined;

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  async find(changes: readonly Change[]): Promise<Change[]> {
    const files = changes.filter((change) => change.newMode.startsWith("100") && change.status !== "U");
    if (files.length === 0) return [];
    this.#check ??= openAttributeCheck(this.#repository);
    const filters = await this.#check.ask(files.map((change) => change.path));
    const suspects = files.filter((_, i) => filters[i] === "mlgit");
    for (const [i, { path }] of files.entries()) {
      const isTracked = filters[i] === "mlgit";
      const list = isTracked ? this.tracked : this.plain;
      if (list.length < askedAtMost && (isTracked || mayBeEntity(path.toString("latin1"))))
        list.push(Buffer.from(path));
    }
    return suspects.length === 0 ? [] : await this.#raw(suspects);
  }

  async close(): Promise<void> {
    this.#check?.close();
    (await this.#cat)?.close();
  }

  async #raw(suspects: readonly Change[]): Promise<Change[]> {
    this.#cat ??= openCatFile(this.#repository);
    const cat = await this.#cat;
    const infos = await cat.info(suspects.map((change) => change.newBlob));
    const small = suspects.filter((_, i) => (infos[i]?.size ?? 0) < pointerLimit);
    const large = suspects.filter((_, i) => infos[i]?.type === "blob" && infos[i].size >= pointerLimit);
    const contents = await cat.contents(small.map((change) => change.newBlob));
    return [...large, ...small.filter((_, i) => contents[i]?.type === "blob" && !passesThrough(contents[i].bytes))];
  }
}
