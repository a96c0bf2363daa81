import { kinds } from "../../entity/kind.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { verifyCommit } from "../../git/changes.ts";
import { commitsOfPaths } from "../../git/path-history.ts";
import type { Repository } from "../../git/repository.ts";
import { showFiles } from "../../git/show-file.ts";
import type { DataValue } from "../../pipeline/data-file.ts";
import type { PlotTable, PlotVersion } from "../../pipeline/plot-data.ts";
import { readTable } from "../../pipeline/plot-table.ts";
import { parsePointer } from "../../pointer/pointer.ts";
import type { Cache } from "../../store/local/cache.ts";
import { specsOf, versionsOf } from "../kind/versions.ts";
import { readSmallFile } from "./open-pipeline.ts";
import { readValues, stagesOf } from "./read-values.ts";
import { findVersion, type Version, worktreeWord } from "./version-word.ts";

/** So many commits are drawn when no version is named. */
const mostCommits = 50;

/** What the words mean, in their order. Without any: the commits that changed these files, and the worktree. */
export async function versionsToPlot(
  repository: Repository,
  words: readonly string[],
  paths: readonly string[],
): Promise<Version[]> {
  if (words.length > 0) return Promise.all(words.map((word) => findVersion(repository, word)));
  const has = paths.length > 0 && (await verifyCommit(repository, "HEAD")) !== undefined;
  const commits = has ? await commitsOfPaths(repository, "HEAD", { paths, limit: mostCommits }) : [];
  const here = repository.workTree === undefined ? [] : [await findVersion(repository, worktreeWord)];
  return [...commits.map(({ commit, short }) => ({ label: short, commit })), ...here];
}

/** The metrics of versions that stages name. Words that name an entity stand for all its versions, with the metrics of their specs. */
export async function metricsToPlot(
  repository: Repository,
  words: readonly string[],
  files: readonly string[],
): Promise<PlotVersion[]> {
  const wish = { kind: "metrics", files } as const;
  const read = async (one: Version) => ({ label: one.label, values: await readValues(repository, one, wish) });
  if (words.length === 0) {
    const found: PlotVersion[] = [];
    for (const one of await versionsToPlot(repository, [], await metricFiles(repository, files)))
      found.push(await read(one));
    return found;
  }
  const found: PlotVersion[] = [];
  for (const word of words) {
    const entity = await entityVersions(repository, word);
    found.push(...(entity.length > 0 ? entity : [await read(await findVersion(repository, word))]));
  }
  return found;
}

/** What HEAD or the worktree calls metrics, so that their history can be found. */
async function metricFiles(repository: Repository, files: readonly string[]): Promise<string[]> {
  if (files.length > 0) return [...files];
  const stages = await stagesOf(repository, await findVersion(repository, repository.workTree ? worktreeWord : "HEAD"));
  return stages.flatMap(({ outputs }) => outputs.filter(({ kind }) => kind === "metrics").map(({ path }) => path));
}

async function entityVersions(repository: Repository, name: string): Promise<PlotVersion[]> {
  for (const kind of kinds()) {
    const versions = (await versionsOf(repository, kind, name)).reverse();
    if (versions.length === 0) continue;
    const specs = await specsOf(repository, versions);
    return versions.map(({ version }, i) => ({
      label: `${name}@${version.version}`,
      values: Object.entries(specs[i]?.spec?.metrics ?? {}).map(([metric, value]) => ({
        file: name,
        name: metric,
        value: value as DataValue,
      })),
    }));
  }
  return [];
}

/** The rows of a file in each version that has it. @throws MlgitError kind `missing` for data that the cache lacks. */
export async function tablesToPlot(
  repository: Repository,
  versions: readonly Version[],
  { file, cache }: { readonly file: string; readonly cache: () => Promise<Cache> },
): Promise<PlotTable[]> {
  const tables: PlotTable[] = [];
  for (const { label, commit } of versions) {
    const text =
      commit === undefined
        ? readSmallFile(repository.workTree ?? repository.gitDir, file)
        : (await showFiles(repository, commit, [file]))[0]?.toString("utf8");
    if (text === undefined) continue;
    tables.push({ label, rows: await readTable(file, await contentOf(text, { file, label, cache })) });
  }
  return tables;
}

interface Asked {
  readonly file: string;
  readonly label: string;
  readonly cache: () => Promise<Cache>;
}

async function contentOf(text: string, { file, label, cache }: Asked): Promise<string> {
  const pointer = text.length < 2048 ? parsePointer(Buffer.from(text)) : undefined;
  if (!pointer) return text;
  const found = (await cache()).get(pointer.oid);
  if (found?.kind === "bytes") return Buffer.from(found.content).toString("utf8");
  if (found) return readSmallFile("/", found.path) ?? "";
  throw new MlgitError("missing", `the cache does not have ${file} of ${label}`, {
    path: file,
    oid: pointer.oid,
    hint: label === worktreeWord ? `git mlgit hydrate ${file}` : `git mlgit fetch origin ${label}`,
  });
}
