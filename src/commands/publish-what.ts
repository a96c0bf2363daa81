import { MlgitError } from "../error/mlgit-error.ts";
import type { Repository } from "../git/repository.ts";
import { resolveObjects } from "../git/tags.ts";
import type { WantedContent } from "../transfer/push-content.ts";
import { treeSpecs } from "./entity-specs.ts";
import { publishedVersions, versionTrees } from "./published.ts";
import { treeFiles } from "./tracked-files.ts";

/**
 * The contents of what people name: a revision of git's, or an entity as `name` (as HEAD has it) or `name@version`.
 * @throws MlgitError kind `usage` for a name of nothing.
 */
export async function chosenContents(repository: Repository, names: readonly string[]): Promise<WantedContent[]> {
  const found = new Map<string, WantedContent>();
  for (const name of names) {
    const tree = (await revisionTree(repository, name)) ?? (await entityTree(repository, name));
    if (tree === undefined)
      throw new MlgitError("usage", `${name} is neither a revision nor an entity`, {
        hint: "name a branch, tag or commit, or an entity like imagenet8 or imagenet8@2",
      });
    for (const { oid, size, path } of await treeFiles(repository, tree))
      if (size > 0) found.set(oid, { oid, size, path: path.toString("utf8") });
  }
  return [...found.values()];
}

async function revisionTree(repository: Repository, name: string): Promise<string | undefined> {
  const [tree] = name.startsWith("-") ? [] : await resolveObjects(repository, [`${name}^{tree}`]);
  return tree;
}

async function entityTree(repository: Repository, name: string): Promise<string | undefined> {
  const [, entity = name, number] = /^(.+)@(\d+)$/.exec(name) ?? [];
  const specs = await headSpecs(repository);
  const places = specs.map(({ place }) => place).filter((place) => place.name === entity);
  for (const place of places) {
    if (number === undefined) {
      const [tree] = await resolveObjects(repository, [`HEAD:${place.folder}`]);
      if (tree) return tree;
      continue;
    }
    const versions = (await publishedVersions(repository)).filter(({ version }) => version === Number(number));
    for await (const { tree } of versionTrees(repository, place, versions)) return tree;
  }
  return undefined;
}

/** None before the first commit. */
async function headSpecs(repository: Repository) {
  const [head] = await resolveObjects(repository, ["HEAD^{tree}"]);
  return head ? treeSpecs(repository, head) : [];
}
