import { isData } from "../../entity/entity-path.ts";
import type { Kind } from "../../entity/kind.ts";
import { emptyTree, treeChanges } from "../../git/changes.ts";
import { gitIn, type Repository } from "../../git/repository.ts";
import type { Action } from "../command.ts";
import type { VersionTree } from "../published.ts";
import { quotePath } from "../restore-content.ts";
import { findEntity } from "./find-entity.ts";
import { findVersion, specsOf, versionsOf } from "./versions.ts";

export function logAction(kind: Kind): Action {
  return {
    name: "log",
    summary: "Show an entity's versions, the newest first",
    arguments: [{ name: "<name>", description: "of the entity" }],
    options: [
      { flags: "--stat", description: "count files that were added, changed, deleted" },
      { flags: "--fullstat", description: "name them" },
    ],
    async run(context, [name = ""], options) {
      const repository = await context.repository();
      const versions = await versionsOf(repository, kind, name);
      if (versions.length === 0) await findEntity(repository, kind, name);
      const specs = await specsOf(repository, versions);
      const entries = [];
      for (const [i, one] of versions.entries()) {
        const files =
          options.stat === true || options.fullstat === true
            ? await compare(repository, versions[i + 1], one)
            : undefined;
        entries.push({
          ...(await commitOf(repository, one)),
          metrics: specs[i]?.spec?.metrics ?? {},
          ...(files ? { files } : {}),
        });
      }
      return { text: entries.map((entry) => describe(entry, options.fullstat === true)).join("\n\n"), data: entries };
    },
  };
}

export function diffAction(kind: Kind): Action {
  return {
    name: "diff",
    summary: "Which files two versions of an entity differ in",
    arguments: [
      { name: "<name>", description: "of the entity" },
      { name: "<from>", description: "a version's tag or number" },
      { name: "<to>", description: "a version's tag or number" },
    ],
    async run(context, [name = "", from = "", to = ""]) {
      const repository = await context.repository();
      const find = (text: string) =>
        findVersion(repository, kind, /^\d+$/.test(text) ? { word: name, number: Number(text) } : { word: text });
      const files = await compare(repository, await find(from), await find(to));
      return { text: fileLines(files).join("\n") || "the same files", data: files };
    },
  };
}

interface Comparison {
  readonly added: readonly string[];
  readonly updated: readonly string[];
  readonly deleted: readonly string[];
}

async function compare(repository: Repository, from: VersionTree | undefined, to: VersionTree): Promise<Comparison> {
  const changes = await treeChanges(repository, from?.tree ?? (await emptyTree(repository)), to.tree);
  const data = changes.filter(({ path }) => isData(path.toString("utf8"), to.place.name));
  const named = (statuses: string) =>
    data.filter(({ status }) => statuses.includes(status)).map(({ path }) => quotePath(path));
  return { added: named("A"), updated: named("MT"), deleted: named("D") };
}

interface Entry {
  readonly tag: string;
  readonly sha: string;
  readonly author: string;
  readonly date: string;
  readonly message: string;
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly files?: Comparison;
}

async function commitOf(repository: Repository, { version }: VersionTree) {
  const { stdout } = await gitIn(repository, ["log", "-1", "--format=%an <%ae>%x00%aI%x00%B", version.commit, "--"]);
  const [author = "", date = "", message = ""] = stdout.toString("utf8").split("\0");
  return { tag: version.tag, sha: version.commit, author, date, message: message.trim() };
}

function describe({ tag, sha, author, date, message, metrics, files }: Entry, full: boolean): string {
  const numbers = Object.entries(metrics).map(([name, value]) => `${name}=${value}`);
  return [
    `Tag: ${tag}`,
    `Commit: ${sha}`,
    `Author: ${author}`,
    `Date: ${date}`,
    ...(numbers.length > 0 ? [`Metrics: ${numbers.join(", ")}`] : []),
    `Message: ${message}`,
    ...(files ? (full ? fileLines(files) : [countLine(files)]) : []),
  ].join("\n");
}

function countLine({ added, updated, deleted }: Comparison): string {
  return `Files: ${added.length} added, ${updated.length} updated, ${deleted.length} deleted`;
}

function fileLines(files: Comparison): string[] {
  return (["added", "updated", "deleted"] as const).flatMap((word) =>
    files[word].length === 0 ? [] : [`${word}:`, ...files[word].map((path) => `    ${path}`)],
  );
}
