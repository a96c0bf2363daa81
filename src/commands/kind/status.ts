import { posix } from "node:path";
import type { EntityPlace } from "../../entity/entity-path.ts";
import type { Kind } from "../../entity/kind.ts";
import { forbidden } from "../../entity/mutability.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { gitIn, type Repository } from "../../git/repository.ts";
import { skippedPaths } from "../../git/skip-worktree.ts";
import { resolveObjects } from "../../git/tags.ts";
import { counted } from "../../util/counted.ts";
import type { Action } from "../command.ts";
import { MutabilityMap } from "../mutability-map.ts";
import { publishedVersions, versionTrees } from "../published.ts";
import { UnlockRecord } from "../unlock-record.ts";
import { findEntity } from "./find-entity.ts";

const words: Readonly<Record<string, string>> = {
  A: "new file",
  M: "modified",
  D: "deleted",
  T: "type changed",
  R: "renamed",
};

/** More files than that of one folder are one line, unless --full. */
const mostOfAFolder = 10;

interface Changed {
  readonly change: string;
  readonly path: string;
}

export function statusAction(kind: Kind) {
  return {
    name: "status",
    summary: "Show what is changed in an entity",
    arguments: [
      { name: "<name>", description: "of the entity" },
      { name: "[folder]", description: "of the entity: only what is below it" },
    ],
    options: [{ flags: "--full", description: "name every file, also where a folder has many" }],
    async run(context, [name = "", below = ""], options) {
      const repository = await context.repository();
      const place = await findEntity(repository, kind, name);
      const inside = posix.normalize(`${place.folder}/${below}`).replace(/\/$/, "");
      if (inside !== place.folder && !inside.startsWith(`${place.folder}/`))
        throw new MlgitError("usage", `${below} is no folder of ${place.folder}`);
      const lines = await statusLines(repository, inside);
      const relative = (line: string) => line.slice(4 + place.folder.length);
      const pick = (column: 0 | 1) =>
        lines
          .filter((line) => !" ?".includes(line[column] ?? " "))
          .map((line): Changed => ({ change: words[line[column] ?? ""] ?? "changed", path: relative(line) }));
      const unstaged = pick(1);
      const corrupted = await corruptedOf(repository, place, unstaged);
      const data = {
        unpublished: await unpublished(repository, place.folder),
        staged: pick(0),
        unstaged: unstaged.filter(({ path }) => !corrupted.has(path)),
        untracked: lines.filter((line) => line.startsWith("??")).map(relative),
        corrupted: [...corrupted],
        leftOut: (await skippedPaths(repository, place.folder)).length,
      };
      return { text: describe(data, options.full === true), data };
    },
  } satisfies Action;
}

async function statusLines(repository: Repository, folder: string): Promise<string[]> {
  const args = ["status", "--porcelain", "-z", "--no-renames", "-uall", "--", `:(top,literal)${folder}`];
  const { stdout } = await gitIn(repository, args);
  return stdout.toString("utf8").split("\0").filter(Boolean);
}

/** Commits that change the entity and that no remote is known to have. */
async function unpublished(repository: Repository, folder: string): Promise<number> {
  const args = ["rev-list", "--count", "HEAD", "--not", "--remotes", "--", `:(top,literal)${folder}`];
  const { code, stdout } = await gitIn(repository, args, { okCodes: [0, 128] });
  return code === 0 ? Number(stdout.toString()) : 0;
}

/** Changed files whose published bytes must not change, and that nobody unlocked: no commit will take them. */
async function corruptedOf(
  repository: Repository,
  place: EntityPlace,
  changed: readonly Changed[],
): Promise<Set<string>> {
  const { folder } = place;
  const modified = changed.filter(({ change }) => change === words.M || change === words.T);
  if (modified.length === 0) return new Set();
  const versions = await publishedVersions(repository, ["HEAD"]).catch(() => []);
  const { value: latest } = await versionTrees(repository, place, versions).next();
  if (!latest) return new Set();
  const map = await MutabilityMap.load(repository);
  const record = new UnlockRecord(repository);
  const paths = modified.map(({ path }) => `${folder}/${path}`);
  const blobs = await resolveObjects(
    repository,
    paths.map((path) => `${latest.version.commit}:${path}`),
  );
  const found = paths.filter((path, i) => {
    const bytes = Buffer.from(path);
    const mutability = map.mutabilityOf(bytes);
    const published = blobs[i];
    if (mutability === undefined || published === undefined) return false;
    const inside = bytes.toString("latin1");
    return forbidden(mutability, [{ inside, published }], () => record.has(inside, published)).length > 0;
  });
  return new Set(found.map((path) => path.slice(folder.length + 1)));
}

interface StatusData {
  readonly unpublished: number;
  readonly staged: readonly Changed[];
  readonly unstaged: readonly Changed[];
  readonly untracked: readonly string[];
  readonly corrupted: readonly string[];
  readonly leftOut: number;
}

function describe(data: StatusData, full: boolean): string {
  const section = (title: string, lines: readonly Changed[]) => [title, ...group(lines, full), ""];
  const named = (paths: readonly string[]) => paths.map((path) => ({ change: "", path }));
  return [
    ...section("Changes to be committed", data.staged),
    ...(data.unstaged.length > 0 ? section("Changes not staged for commit", data.unstaged) : []),
    ...section("untracked files", named(data.untracked)),
    ...section("corrupted files", named(data.corrupted)),
    ...(data.leftOut > 0
      ? [`${counted(data.leftOut, "file is", "files are")} left out of the worktree (sample or --bare)`]
      : []),
    ...(data.unpublished > 0 ? [`${counted(data.unpublished, "commit is", "commits are")} not pushed`] : []),
  ].join("\n");
}

/** A folder with many files of one kind of change is one line. */
function group(changes: readonly Changed[], full: boolean): string[] {
  const byFolder = new Map<string, Changed[]>();
  for (const one of changes) {
    const key = `${one.change}\0${posix.dirname(one.path)}`;
    byFolder.set(key, [...(byFolder.get(key) ?? []), one]);
  }
  return [...byFolder.values()].flatMap((list) => {
    const [first] = list;
    if (!first || full || list.length <= mostOfAFolder) return list.map(line);
    return [line({ change: first.change, path: `${posix.dirname(first.path)}/ -> ${counted(list.length, "file")}` })];
  });
}

function line({ change, path }: Changed): string {
  return change === "" ? `    ${path}` : `    ${change}: ${path}`;
}
