import { exitCode } from "../../error/exit-code.ts";
import { counted } from "../../util/counted.ts";
import { formatBytes } from "../../util/format-bytes.ts";

/** Something that was not migrated, or whose data is nowhere to be had. */
export interface Problem {
  readonly path: string;
  readonly reason: string;
}

/** Counts of distinct contents, and their bytes. */
export interface Contents {
  readonly total: number;
  readonly bytes: number;
  /** In the cache or in a store before this run. */
  readonly here: number;
  /** Taken from files of this machine, and from elsewhere. */
  readonly copied: number;
  readonly fetched: number;
}

export interface MigrationReport {
  readonly source: "git-lfs" | "dvc" | "ml-git";
  readonly dryRun: boolean;
  /** Files that are tracked afterwards and were kept by the other tool before. */
  readonly files: number;
  readonly contents: Contents;
  /** Whether everything that was to be done is done (or would be). False: nothing was committed, since data is missing. */
  readonly complete: boolean;
  /** Data that is nowhere to be had. */
  readonly missing: readonly Problem[];
  /** What could not be carried over, or only in part. */
  readonly problems: readonly Problem[];
  /** For people: what to know and what to do next. */
  readonly notes: readonly string[];
  /** What HEAD names now; null when nothing was committed. */
  readonly commit: string | null;
  /** New commits. */
  readonly commits: number;
  /** More, by source. */
  readonly details?: Readonly<Record<string, unknown>>;
}

const shown = 20;

/** The result of a migration: 0 when all is done, 4 when data is missing and nothing was done, 1 when something was left out. */
export function resultOf(report: MigrationReport) {
  const { details, ...rest } = report;
  return { text: lines(report).join("\n"), data: { ...rest, ...details }, exitCode: codeOf(report) };
}

function codeOf({ missing, problems, complete }: MigrationReport): number {
  if (!complete && missing.length > 0) return exitCode.missing;
  return missing.length + problems.length > 0 || !complete ? exitCode.incomplete : exitCode.ok;
}

function lines(report: MigrationReport): string[] {
  const { contents, files, dryRun, missing, problems, notes, commits } = report;
  const would = dryRun ? "would be " : "";
  const sources = [
    `${contents.here} here already`,
    `${contents.copied} ${would}copied`,
    `${contents.fetched} ${would}fetched`,
  ];
  return [
    `${counted(files, "file")}, ${counted(contents.total, "content")} (${formatBytes(contents.bytes)}): ${sources.join(", ")}`,
    ...listed(missing, "data that cannot be had"),
    ...listed(problems, "not carried over"),
    ...notes,
    ...(dryRun || commits === 0 ? [] : [`${counted(commits, "commit")} made`]),
    ...(dryRun ? ["nothing was changed (dry run)"] : []),
    ...(!dryRun && !report.complete ? ["nothing was committed; what was verified stays in the cache"] : []),
  ];
}

function listed(problems: readonly Problem[], title: string): string[] {
  if (problems.length === 0) return [];
  const some = problems.slice(0, shown).map(({ path, reason }) => `  ${path}: ${reason}`);
  const more = problems.length > shown ? [`  and ${problems.length - shown} more (--json has all)`] : [];
  return [`${title}: ${problems.length}`, ...some, ...more];
}
