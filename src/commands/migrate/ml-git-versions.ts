import { posix } from "node:path";
import { type Kind, kinds } from "../../entity/kind.ts";
import { SpecText } from "../../entity/spec-text.ts";
import { parseVersionTag, type VersionTag } from "../../entity/version-tag.ts";
import { isMlgitError } from "../../error/mlgit-error.ts";
import { type CatFile, openCatFile } from "../../git/cat-file.ts";
import { headerOf } from "../../git/commit-object.ts";
import { listHistory } from "../../git/history-files.ts";
import { listRefs, type RefTip } from "../../git/ref-update.ts";
import type { Repository } from "../../git/repository.ts";
import { listTree } from "../../git/tree-scan.ts";
import { parseManifest, textLimit } from "../../migrate/ml-git-format.ts";
import type { Problem } from "./report.ts";

/** One version of one entity as a metadata repository has it. */
export interface MlGitVersion extends VersionTag {
  /** The metadata repository it is in. */
  readonly repository: Repository;
  /** The object that the tag names: a tag or the commit. */
  readonly tagged: RefTip;
  readonly commit: string;
  readonly commitBytes: Buffer;
  /** Committer's time, seconds. */
  readonly time: number;
  /** Its place in its repository's history: parents come before children. */
  readonly order: number;
  readonly kind: Kind;
  /** Between kind and name; empty for none. */
  readonly dir: string;
  readonly spec: string;
  /** README.md and .mlgitignore, where they are. */
  readonly extras: ReadonlyMap<string, Buffer>;
  /** Path → CID. */
  readonly manifest: ReadonlyMap<string, string>;
  /** `s3h://bucket`, as the spec has it. */
  readonly storage: string | undefined;
  /** Tags of versions that it is made from. */
  readonly links: readonly string[];
}

export interface MlGitHistory {
  readonly versions: readonly MlGitVersion[];
  /** Tags that name no version. */
  readonly others: readonly { readonly tag: RefTip; readonly commit: string; readonly repository: Repository }[];
  readonly problems: readonly Problem[];
}

/** Every version that a metadata repository has a tag for. */
export async function readMetadata(repository: Repository): Promise<MlGitHistory> {
  const tags = (await listRefs(repository, ["refs/tags"])).filter(({ peeledType }) => peeledType === "commit");
  const history =
    tags.length === 0
      ? []
      : await listHistory(
          repository,
          tags.map(({ oid }) => oid),
        );
  const order = new Map(history.map(({ commit }, i) => [commit, i]));
  const versions: MlGitVersion[] = [];
  const others: { tag: RefTip; commit: string; repository: Repository }[] = [];
  const problems: Problem[] = [];
  const cat = await openCatFile(repository);
  try {
    for (const tag of tags) {
      const [object] = await cat.contents([`${tag.oid}^{commit}`]);
      const commit = object?.oid ?? "";
      const name = tag.ref.slice("refs/tags/".length);
      const parsed = parseVersionTag(name);
      if (!object || !parsed) {
        others.push({ tag, commit, repository });
        continue;
      }
      const base = { ...parsed, repository, tagged: tag, commit, commitBytes: Buffer.from(object.bytes) };
      const found = await readVersion({ ...base, order: order.get(commit) ?? 0 }, cat);
      if (typeof found === "string") problems.push({ path: name, reason: found });
      else versions.push(found);
    }
  } finally {
    cat.close();
  }
  return { versions, others, problems };
}

type Beginning = Pick<MlGitVersion, keyof VersionTag | "repository" | "tagged" | "commit" | "commitBytes" | "order">;

/** The version, or why it is none. */
async function readVersion(base: Beginning, cat: CatFile): Promise<MlGitVersion | string> {
  const files = new Map<string, string>();
  for await (const { path, blob } of listTree(base.repository, base.commit)) files.set(path.toString("utf8"), blob);
  const specPath = [...files.keys()].find(
    (path) => path === `${base.name}/${base.name}.spec` || path.endsWith(`/${base.name}/${base.name}.spec`),
  );
  if (specPath === undefined) return `its commit has no ${base.name}/${base.name}.spec`;
  const folder = posix.dirname(specPath);
  const read = async (name: string): Promise<Buffer | undefined> => {
    const blob = files.get(name);
    if (blob === undefined) return undefined;
    const [info] = await cat.info([blob]);
    if (info === undefined || info.size > textLimit) return undefined;
    return Buffer.from((await cat.contents([blob]))[0]?.bytes ?? "");
  };
  const spec = (await read(specPath))?.toString("utf8") ?? "";
  const source = new SpecText(spec);
  const kind = kinds().find(({ name }) => source.value([name]) !== undefined);
  if (source.faults[0]) return `${specPath} cannot be read: ${source.faults[0].message}`;
  if (!kind) return `${specPath} begins with none of dataset, labels and model`;
  const text = (await read(`${folder}/MANIFEST.yaml`))?.toString("utf8");
  if (text === undefined) return `${folder}/MANIFEST.yaml is not there, or too large`;
  const extras = new Map<string, Buffer>();
  for (const name of ["README.md", ".mlgitignore"]) {
    const bytes = await read(`${folder}/${name}`);
    if (bytes) extras.set(name, bytes);
  }
  const manifest = source.value([kind.name, "manifest"]);
  const { storage, store } =
    typeof manifest === "object" && manifest !== null ? (manifest as Record<string, unknown>) : {};
  const link = (key: string) => source.value([kind.name, key, "tag"]);
  try {
    return {
      ...base,
      time: Number(/ (\d+) [+-]\d{4}$/.exec(headerOf(base.commitBytes, "committer") ?? "")?.[1] ?? 0),
      kind,
      dir: dirOf(folder, kind),
      spec,
      extras,
      manifest: await parseManifest(text, `${folder}/MANIFEST.yaml`),
      storage: typeof storage === "string" ? storage : typeof store === "string" ? store : undefined,
      links: ["dataset", "labels"].map(link).filter((one) => typeof one === "string"),
    };
  } catch (error) {
    if (isMlgitError(error)) return error.message;
    throw error;
  }
}

/** What lies between the top, or the folder of the kind, and the entity's own folder. */
function dirOf(folder: string, kind: Kind): string {
  const parts = folder.split("/").slice(0, -1);
  return (parts[0] === kind.folder ? parts.slice(1) : parts).join("/");
}

/**
 * All versions in the order in which they were made: by time, but never before their repository's earlier ones, nor before what they are made from.
 */
export function inOrder(versions: readonly MlGitVersion[]): MlGitVersion[] {
  const queues = new Map<Repository, MlGitVersion[]>();
  for (const one of [...versions].sort((a, b) => a.order - b.order || a.time - b.time))
    queues.set(one.repository, [...(queues.get(one.repository) ?? []), one]);
  const pending = new Set(versions.map(({ tag }) => tag));
  const sorted: MlGitVersion[] = [];
  const lists = [...queues.values()].map((list) => ({ list, at: 0 }));
  while (sorted.length < versions.length) {
    const heads = lists.filter(({ list, at }) => at < list.length);
    heads.sort((a, b) => (a.list[a.at]?.time ?? 0) - (b.list[b.at]?.time ?? 0));
    const isFree = ({ list, at }: { list: MlGitVersion[]; at: number }) =>
      list[at]?.links.every((tag) => !pending.has(tag)) === true;
    const chosen = heads.find(isFree) ?? heads[0];
    if (!chosen) break;
    const next = chosen.list[chosen.at++] as MlGitVersion;
    pending.delete(next.tag);
    sorted.push(next);
  }
  return sorted;
}
