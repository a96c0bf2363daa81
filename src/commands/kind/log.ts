import type { Kind } from "../../entity/kind.ts";
import { gitIn, type Repository } from "../../git/repository.ts";
import type { Action } from "../command.ts";
import { formatTable, type Table, tableOptions } from "../pipeline/print-table.ts";
import type { VersionTree } from "../published.ts";
import { type Comparison, compareFiles } from "./compare-files.ts";
import { findEntity } from "./find-entity.ts";
import { specsOf, versionsOf } from "./versions.ts";

export function logAction(kind: Kind) {
  return {
    name: "log",
    summary: "Show an entity's versions, the newest first",
    arguments: [{ name: "<name>", description: "of the entity" }],
    options: [
      { flags: "--stat", description: "count files that were added, changed, deleted" },
      { flags: "--fullstat", description: "name them" },
      ...tableOptions,
    ],
    async run(context, [name = ""], options) {
      const repository = await context.repository();
      const versions = await versionsOf(repository, kind, name);
      if (versions.length === 0) await findEntity(repository, kind, name);
      const specs = await specsOf(repository, versions);
      const commits = await readCommits(repository, versions);
      const withFiles = options.stat === true || options.fullstat === true;
      const entries: Entry[] = [];
      for (const [i, one] of versions.entries()) {
        const files = withFiles ? await compareFiles(repository, versions[i + 1], one) : undefined;
        const { tag, commit: sha } = one.version;
        const about = commits.get(sha) ?? { author: "", date: "", message: "" };
        entries.push({ tag, sha, ...about, metrics: specs[i]?.spec?.metrics ?? {}, ...(files ? { files } : {}) });
      }
      const isTable = options.fullstat !== true || options.csv === true || options.md === true;
      const text = isTable
        ? await formatTable(tableOf(entries, withFiles), context, options)
        : entries.map(describe).join("\n\n");
      return { text, data: entries };
    },
  } satisfies Action;
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

/** In one process, however many there are. */
async function readCommits(repository: Repository, versions: readonly VersionTree[]) {
  if (versions.length === 0) return new Map<string, Pick<Entry, "author" | "date" | "message">>();
  const format = "--format=%H%x00%an <%ae>%x00%aI%x00%B%x00";
  const args = ["log", "--no-walk=unsorted", "--no-show-signature", "--encoding=UTF-8", "--stdin", format];
  const input = versions.map(({ version }) => `${version.commit}\n`).join("");
  const { stdout } = await gitIn(repository, args, { input });
  const fields = stdout.toString("utf8").split("\0");
  const count = Math.floor(fields.length / 4);
  return new Map(
    Array.from({ length: count }, (_, i) => {
      const [sha = "", author = "", date = "", message = ""] = fields.slice(4 * i, 4 * i + 4);
      return [sha.trim(), { author, date, message: message.trim() }] as const;
    }),
  );
}

function tableOf(entries: readonly Entry[], withFiles: boolean): Table {
  const counts = withFiles ? ["added", "updated", "deleted"] : [];
  return {
    columns: ["tag", "commit", "date", "author", "message", "metrics", ...counts],
    rows: entries.map((one) => [
      ...[one.tag, one.sha.slice(0, 12), one.date, one.author, one.message.split("\n")[0] ?? "", metricWords(one)],
      ...(one.files ? [one.files.added, one.files.updated, one.files.deleted].map(({ length }) => String(length)) : []),
    ]),
    empty: "no versions",
  };
}

function metricWords({ metrics }: Entry): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(", ");
}

function describe(entry: Entry): string {
  const { tag, sha, author, date, message, files } = entry;
  const metrics = metricWords(entry);
  return [
    ...[`Tag: ${tag}`, `Commit: ${sha}`, `Author: ${author}`, `Date: ${date}`],
    ...(metrics === "" ? [] : [`Metrics: ${metrics}`]),
    `Message: ${message}`,
    ...(files ? fileLines(files) : []),
  ].join("\n");
}

function fileLines(files: Comparison): string[] {
  return (["added", "updated", "deleted"] as const).flatMap((word) =>
    files[word].length === 0 ? [] : [`${word}:`, ...files[word].map((path) => `    ${path}`)],
  );
}
