import { existsSync } from "node:fs";
import { join } from "node:path";
import { exitCode } from "../error/exit-code.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { verifyCommit } from "../git/changes.ts";
import { type CommitRange, listCommits } from "../git/range.ts";
import type { Repository } from "../git/repository.ts";
import { counted } from "../util/counted.ts";
import type { Breach } from "./breach.ts";
import { checkRange } from "./check-range.ts";
import type { Command } from "./command.ts";
import { treeSpecs } from "./entity-specs.ts";
import { type PublishedVersion, publishedVersions } from "./published.ts";
import { rawInRange } from "./raw-in-range.ts";
import { strayTags } from "./stray-tags.ts";
import { untaggedVersions } from "./untagged-versions.ts";

/** The rules of entities for servers and CI: what the hooks check, of commits that are there. */
export const command = {
  arguments: [
    {
      name: "[ranges...]",
      description: "`<old>..<new>` or commits; default: what HEAD has and no remote-tracking branch",
    },
  ],
  options: [{ flags: "--github", description: "print annotations for GitHub Actions" }],
  async run(context, ranges, options) {
    const repository = await context.repository();
    const range = await parseRanges(repository, ranges);
    await assertWhole(repository, range);
    const flexible: { commit: string; path: string }[] = [];
    let untagged: readonly PublishedVersion[] = [];
    const rules = await checkRange(repository, range, {
      arriving: [],
      untagged: async (tips) => {
        untagged = await untaggedVersions(repository, tips, context.warn, "none");
        return untagged;
      },
      // An unlock is known only where it was done: such a change is shown and counts as meant.
      unlocked: (commit, path) => flexible.push({ commit, path: Buffer.from(path, "latin1").toString("utf8") }) > 0,
    });
    const breaches = [...(await rawInRange(repository, range)), ...(await straysOf(repository, range)), ...rules];
    return {
      text:
        options.github === true
          ? annotations(breaches)
          : [describe(breaches, flexible.length), ...noteOf(untagged)].join("\n"),
      data: {
        ok: breaches.length === 0,
        breaches: breaches.map(toData),
        flexible,
        untagged: untagged.map(({ tag }) => tag),
      },
      exitCode: breaches.length === 0 ? exitCode.ok : exitCode.refused,
    };
  },
} satisfies Command;

/** The tags of the commits of a range that name versions which those are not. */
async function straysOf(repository: Repository, range: CommitRange): Promise<Breach[]> {
  const tips = range.include;
  const versions = await publishedVersions(repository, tips);
  const commits = new Set(versions.length > 0 ? await listCommits(repository, range) : []);
  const given = versions.flatMap((one) => (commits.has(one.commit) ? { ...one, oid: one.commit } : []));
  return strayTags(repository, given, tips);
}

/** What CI has by default: versions before its first commit are not there to compare with, and all would look well. */
async function assertWhole(repository: Repository, { include }: CommitRange): Promise<void> {
  if (!existsSync(join(repository.commonDir, "shallow"))) return;
  for (const commit of include)
    if ((await treeSpecs(repository, commit)).length > 0)
      throw new MlgitError("setup", "this clone is shallow: versions that it lacks cannot be compared with", {
        hint: "git fetch --unshallow --tags; in GitHub Actions: fetch-depth: 0",
      });
}

async function parseRanges(repository: Repository, ranges: readonly string[]): Promise<CommitRange> {
  const include: string[] = [];
  const exclude: string[] = [];
  for (const range of ranges) {
    const parts = range.split("..");
    const [from, to] = parts.length === 1 ? [undefined, parts[0]] : [parts[0] || "HEAD", parts[1] || "HEAD"];
    if (from !== undefined) exclude.push(await commitOf(repository, from));
    include.push(await commitOf(repository, to ?? "HEAD"));
  }
  if (include.length > 0) return { include, exclude };
  return { include: [await commitOf(repository, "HEAD")], exclude: ["--remotes"] };
}

async function commitOf(repository: Repository, name: string): Promise<string> {
  const commit = name.startsWith("-") ? undefined : await verifyCommit(repository, name);
  if (commit !== undefined) return commit;
  throw new MlgitError("usage", `${JSON.stringify(name)} names no commit`, {
    hint: "git mlgit verify origin/main..HEAD; in CI fetch the whole history and its tags",
  });
}

function noteOf(untagged: readonly PublishedVersion[]): string[] {
  if (untagged.length === 0) return [];
  const shown = untagged.slice(0, 5).map(({ tag }) => tag);
  const more = untagged.length > shown.length ? `, and ${untagged.length - shown.length} more` : "";
  return [
    `${counted(untagged.length, "version has no tag", "versions have no tags")} here, and ${untagged.length === 1 ? "was" : "were"} taken from the history: ${shown.join(", ")}${more}`,
    "hint: git fetch --tags; in GitHub Actions: fetch-depth: 0",
  ];
}

function toData({ rule, path, line, message, hint, commit }: Breach) {
  return { rule, path, ...(line > 0 ? { line } : {}), message, hint, ...(commit ? { commit } : {}) };
}

function describe(breaches: readonly Breach[], flexible: number): string {
  const note =
    flexible > 0
      ? `; ${counted(flexible, "published file of a flexible entity changed", "published files of flexible entities changed")}`
      : "";
  if (breaches.length === 0) return `No rule is broken${note}`;
  const lines = breaches.map(
    ({ message, hint, commit }) => `${message}${commit ? ` (commit ${commit.slice(0, 12)})` : ""}\n  hint: ${hint}`,
  );
  return [...lines, `${counted(breaches.length, "rule is", "rules are")} broken${note}`].join("\n");
}

/** Source of the format: GitHub's "Workflow commands", `::error file={name},line={line},title={title}::{message}`. */
function annotations(breaches: readonly Breach[]): string {
  return breaches
    .map(({ rule, path, line, message, hint }) => {
      const place = [`file=${property(path)}`, ...(line > 0 ? [`line=${line}`] : []), `title=mlgit ${rule}`].join(",");
      return `::error ${place}::${escapeData(`${message}\n${hint}`)}`;
    })
    .join("\n");
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
