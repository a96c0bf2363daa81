import { basename } from "node:path";
import { kinds } from "../../entity/kind.ts";
import { parseVersionTag } from "../../entity/version-tag.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { verifyCommit } from "../../git/changes.ts";
import { gitIn, type Repository } from "../../git/repository.ts";
import { showFiles } from "../../git/show-file.ts";
import type { ExportSubject } from "../../lineage/export/scope.ts";
import { blobName, folderListing, type ListedFile } from "../../lineage/run-record.ts";
import { findVersion, specsOf } from "../kind/versions.ts";
import { lookInWorktree, readFiles } from "./find-artifacts.ts";

/**
 * What a bill of materials or a dataset's description is about: an entity's version (`name@3`, or its tag), `<revision>:<path>`, or a file or folder of the worktree.
 * @throws MlgitError kind `usage` for everything else.
 */
export async function findExportSubject(word: string, repository: Repository): Promise<ExportSubject> {
  const version = await findEntityVersion(word, repository);
  if (version) return version;
  const colon = word.indexOf(":");
  if (colon > 0 && !word.startsWith("sha256:"))
    return ofRevision(word.slice(0, colon), word.slice(colon + 1), repository);
  const here = lookInWorktree(word, repository);
  const path = here?.path;
  if (!here || path === undefined) throw unknown(word);
  const files = here.files ?? [{ path: "", mode: here.mode ?? "100644", oid: here.oid, size: here.size ?? 0 }];
  const nothing = { kind: undefined, version: undefined, commit: undefined, metrics: {}, author: undefined };
  return { name: basename(path), path, oid: here.oid, files, ...nothing, description: undefined, time: undefined };
}

async function findEntityVersion(word: string, repository: Repository): Promise<ExportSubject | undefined> {
  const [, name = "", number] = /^(.+)@(\d+)$/.exec(word) ?? [];
  if (number === undefined && !parseVersionTag(word)) return undefined;
  for (const kind of kinds()) {
    const request = number === undefined ? { word } : { word: name, number: Number(number) };
    const found = await findVersion(repository, kind, request).catch(() => undefined);
    if (!found) continue;
    const { commit, version } = found.version;
    const all = await readFiles(repository, found.tree, word);
    // What describes the entity is not its content.
    const files = all.filter(({ path }) => !/^(?:README\.md|\.gitattributes|[^/]+\.spec)$/.test(path));
    const [spec] = await specsOf(repository, [found]);
    return {
      ...(await about(commit, found.tree, repository)),
      ...contentOf(files),
      name: found.place.name,
      kind: kind.name,
      version: String(version),
      commit,
      path: found.place.folder,
      metrics: spec?.spec?.metrics ?? {},
    };
  }
  throw unknown(word);
}

async function ofRevision(revision: string, path: string, repository: Repository): Promise<ExportSubject> {
  const commit = await verifyCommit(repository, revision);
  if (commit === undefined) throw unknown(`${revision}:${path}`);
  const treeish = `${commit}:${path}`;
  const files = await readFiles(repository, treeish, treeish);
  return {
    ...(await about(commit, treeish, repository)),
    ...contentOf(files),
    name: basename(path) || "repository",
    kind: undefined,
    version: commit,
    commit,
    path,
    metrics: {},
  };
}

/** A file is its own content; a folder that of its listing. */
function contentOf(files: readonly ListedFile[]): Pick<ExportSubject, "files" | "oid"> {
  const [first] = files;
  const single = files.length === 1 && first?.path === "";
  return { files, oid: single ? first.oid : blobName(folderListing(files)) };
}

/** Who committed it, when, and how its README begins. */
async function about(
  commit: string,
  treeish: string,
  repository: Repository,
): Promise<Pick<ExportSubject, "author" | "time" | "description">> {
  const args = ["log", "-1", "--no-show-signature", "--format=%an <%ae>%n%ct", "--end-of-options", commit];
  const [author = "", seconds = "0"] = (await gitIn(repository, args)).stdout.toString("utf8").split("\n");
  const base = treeish.includes(":") ? `${treeish}/`.replace(/:\/$/, ":") : `${treeish}:`;
  const [commitish = "", folder = ""] = base.split(/:(.*)/s);
  const [readme] = await showFiles(repository, commitish, [`${folder}README.md`]);
  return { author, time: Number(seconds) * 1000, description: firstParagraph(readme?.toString("utf8") ?? "") };
}

/** Without headings; undefined where there is no prose. */
function firstParagraph(text: string): string | undefined {
  const paragraphs = text.split(/\n\s*\n/).map((one) => one.replace(/^#.*$/gm, "").replace(/\s+/g, " ").trim());
  return paragraphs.find((one) => one !== "")?.slice(0, 1000);
}

function unknown(word: string): MlgitError {
  return new MlgitError("usage", `${word} is no version of an entity, no <revision>:<path> and no file here`, {
    hint: "git mlgit models list, git mlgit datasets list; git fetch --tags",
  });
}
