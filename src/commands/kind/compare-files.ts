import { isData } from "../../entity/entity-path.ts";
import { openCatFile } from "../../git/cat-file.ts";
import { type Change, emptyTree, treeChanges } from "../../git/changes.ts";
import { quotePath } from "../../git/quote-path.ts";
import type { Repository } from "../../git/repository.ts";
import { parsePointer, pointerLimit } from "../../pointer/pointer.ts";
import type { VersionTree } from "../published.ts";

/** Which data files two versions differ in, relative to the entity's folder. */
export interface Comparison {
  readonly added: readonly string[];
  readonly updated: readonly string[];
  readonly deleted: readonly string[];
}

export interface FileChange {
  readonly change: "added" | "updated" | "deleted";
  readonly path: string;
  /** Bytes before and after; absent where there is no file. */
  readonly from?: number;
  readonly to?: number;
}

/** Without a `from` everything was added. */
export async function compareFiles(
  repository: Repository,
  from: VersionTree | undefined,
  to: VersionTree,
): Promise<Comparison> {
  const data = await dataChanges(repository, from, to);
  const named = (statuses: string) =>
    data.filter(({ status }) => statuses.includes(status)).map(({ path }) => quotePath(path));
  return { added: named("A"), updated: named("MT"), deleted: named("D") };
}

/** The same with sizes. */
export async function compareSizes(repository: Repository, from: VersionTree, to: VersionTree): Promise<FileChange[]> {
  const changes = await dataChanges(repository, from, to);
  const sizes = await sizesOf(repository, [...new Set(changes.flatMap((one) => [one.oldBlob, one.newBlob]))]);
  const words = { A: "added", D: "deleted" } as const;
  return changes.map(({ status, path, oldBlob, newBlob }) => {
    const [old, now] = [sizes.get(oldBlob), sizes.get(newBlob)];
    return {
      change: words[status as "A" | "D"] ?? "updated",
      path: quotePath(path),
      ...(old === undefined ? {} : { from: old }),
      ...(now === undefined ? {} : { to: now }),
    };
  });
}

async function dataChanges(repository: Repository, from: VersionTree | undefined, to: VersionTree): Promise<Change[]> {
  const changes = await treeChanges(repository, from?.tree ?? (await emptyTree(repository)), to.tree);
  return changes.filter(({ path }) => isData(path.toString("utf8"), to.place.name));
}

/** Of the content where a blob is a pointer, else its own. */
async function sizesOf(repository: Repository, blobs: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const real = blobs.filter((blob) => /[^0]/.test(blob));
  const cat = await openCatFile(repository);
  try {
    const infos = (await cat.info(real)).filter(({ type }) => type === "blob");
    const sizes = new Map(infos.map(({ oid, size }) => [oid, size]));
    const small = infos.filter(({ size }) => size < pointerLimit).map(({ oid }) => oid);
    for (const { oid, bytes } of await cat.contents(small)) {
      const pointer = parsePointer(bytes);
      if (pointer) sizes.set(oid, pointer.size);
    }
    return sizes;
  } finally {
    cat.close();
  }
}
