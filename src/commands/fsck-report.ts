import { exitCode } from "../error/exit-code.ts";
import type { CacheReport } from "../store/local/check-cache.ts";
import { formatBytes } from "../util/format-bytes.ts";

export interface NamedContent {
  readonly oid: string;
  /** A path that has it in some commit; undefined when nothing needs it. */
  readonly path: string | undefined;
}

export interface FsckReport {
  readonly fix: boolean;
  readonly cache: CacheReport;
  /** Contents that refs, indexes, stashes, reflogs or operations in progress lead to. */
  readonly needed: number;
  /** Cached copies that were wrong. */
  readonly corrupt: readonly NamedContent[];
  /** Needed, and right neither in the cache nor in the store; with `fix` after every attempt. */
  readonly missing: readonly (NamedContent & { readonly size: number })[];
  readonly repaired: readonly (NamedContent & { readonly from: "worktree" | "store" })[];
  /** Not in the cache, and the store could not be asked. */
  readonly unknown: readonly (NamedContent & { readonly size: number })[];
  readonly storeProblem?: string;
}

/** 0 only if everything needed can be had and nothing damaged is left. */
export function exitCodeOf(report: FsckReport): number {
  const lost = new Set(report.missing.map((one) => one.oid));
  const damage = report.corrupt.length > 0 || report.cache.damagedPacks.length > 0;
  if (report.fix ? report.corrupt.some((one) => lost.has(one.oid)) : damage) return exitCode.corrupt;
  if (lost.size > 0) return exitCode.missing;
  return report.storeProblem === undefined ? exitCode.ok : exitCode.unreachable;
}

/** For people: one line per finding, then what it comes to. */
export function describeFsck(report: FsckReport): string {
  const { cache } = report;
  const repaired = new Set(report.repaired.map((one) => one.oid));
  const lines = [
    `Checked ${cache.contents} contents (${formatBytes(cache.bytes)}) in ${cache.files} files and ${cache.packs} packs; ${report.needed} are needed`,
    ...(cache.recovered > 0 ? [`Finished ${cache.recovered} packs of processes that were killed`] : []),
    ...cache.damagedPacks.map(
      (name) => `damaged pack: ${name}${report.fix ? " (what was right in it was saved)" : ""}`,
    ),
    ...report.corrupt.filter((one) => !repaired.has(one.oid)).map((one) => `corrupt: ${named(one)}`),
    ...report.repaired.map((one) => `repaired from the ${one.from}: ${named(one)}`),
    ...report.missing.map(
      (one) => `${report.fix ? "unrepairable" : "missing"}: ${named(one)}, ${formatBytes(one.size)}`,
    ),
    ...report.unknown.map((one) => `not in the cache, and the store cannot be asked: ${named(one)}`),
    ...cache.orphans.map((path) => `belongs to nothing: ${path}`),
  ];
  if (report.storeProblem) lines.push(`store: ${report.storeProblem}`);
  return [...lines, verdict(report)].join("\n");
}

function verdict(report: FsckReport): string {
  const code = exitCodeOf(report);
  if (code === exitCode.ok)
    return report.corrupt.length + report.cache.damagedPacks.length > 0
      ? "Everything was repaired"
      : "Everything is right";
  if (!report.fix) return "Run `git mlgit fsck --fix`";
  return "Look for the missing contents in other clones and run `git mlgit push --all` there, or add the files again";
}

function named({ oid, path }: NamedContent): string {
  return path === undefined ? `sha256:${oid} (nothing needs it)` : `${path} (sha256:${oid})`;
}
