import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { verifyCommit } from "../git/changes.ts";
import type { Repository } from "../git/repository.ts";
import { indexTree } from "../git/tags.ts";
import { type Breach, refuseBreaches } from "./breach.ts";
import { checkEntity } from "./check-entity.ts";
import { type EntitySpec, indexSpecs } from "./entity-specs.ts";
import { type Filling, fillManifest } from "./fill-manifest.ts";
import { warnOfMisnamed } from "./misnamed-specs.ts";
import { publishedVersions } from "./published.ts";
import { SpecsBefore } from "./specs-before.ts";
import { twinBreaches } from "./twin-entities.ts";
import { UnlockRecord } from "./unlock-record.ts";
import { untaggedVersions } from "./untagged-versions.ts";
import { type StagedFiles, warnOfUntrackedData } from "./untracked-data.ts";

/** Set by `git mlgit <kind> config` for the commit it makes: the entity whose mutability it loosens. */
export const loosenVariable = "MLGIT_LOOSEN";

/**
 * Checks the entities that a commit is about to change, at these paths, and fills in what their specs say of the data.
 * @throws MlgitError kind `refused` with every rule that would be broken.
 */
export async function checkStagedEntities(
  repository: Repository,
  { paths, files }: { readonly paths: Iterable<Buffer>; readonly files: StagedFiles },
  warn: (message: string) => void,
): Promise<void> {
  const all = await indexSpecs(repository);
  warnOfMisnamed(repository, paths, { specs: all, warn });
  warnOfUntrackedData(repository, files, { specs: all, warn });
  const specs = all.filter((spec) => touches(paths, spec));
  if (specs.length === 0) return;
  const tips = await parentsOfNext(repository);
  const versions = [
    ...(await publishedVersions(repository, tips)),
    ...(await untaggedVersions(repository, tips, warn)),
  ].sort((a, b) => b.version - a.version);
  const before = new SpecsBefore(repository, { parents: tips, versions });
  const record = new UnlockRecord(repository);
  const breaches: Breach[] = await twinBreaches(repository, { all, touched: specs, parents: tips });
  const good: Filling[] = [];
  for (const spec of specs) {
    const { place } = spec;
    const tree = (await indexTree(repository, place.folder)) ?? "";
    const check = await checkEntity(
      repository,
      { spec, tree, versions: await before.versions(spec), was: await before.mutability(place) },
      {
        unlocked: (path, blob) => record.has(path, blob),
        mayLoosen: process.env[loosenVariable] === place.folder,
      },
    );
    breaches.push(...check.breaches);
    if (check.spec) good.push({ spec, before: await before.text(place), parsed: check.spec });
  }
  refuseBreaches(breaches, "this commit would break rules of its entities");
  for (const one of good) await fillManifest(repository, one);
}

function touches(paths: Iterable<Buffer>, { place }: EntitySpec): boolean {
  const folder = Buffer.from(`${place.folder}/`);
  for (const path of paths)
    if (path.length > folder.length && path.subarray(0, folder.length).equals(folder)) return true;
  return false;
}

/** HEAD, and what is being merged into it. */
async function parentsOfNext(repository: Repository): Promise<string[]> {
  const head = await verifyCommit(repository, "HEAD");
  const merging = join(repository.gitDir, "MERGE_HEAD");
  const merged = existsSync(merging) ? readFileSync(merging, "latin1").split("\n").filter(Boolean) : [];
  return head === undefined ? merged : [head, ...merged];
}
