import { exitCode } from "../error/exit-code.ts";
import { quotePath } from "../git/quote-path.ts";
import type { CacheReport } from "../store/local/check-cache.ts";
import type { IndexReport } from "../store/remote/verify-index.ts";
import { describeWrongSize, type WrongSize } from "../transfer/wrong-sizes.ts";
import { counted } from "../util/counted.ts";
import { formatBytes } from "../util/format-bytes.ts";
import type { NamedContent, StoreFindings } from "./fsck-store.ts";

/** Paths that one line names. */
const mostShown = 10;

export interface FsckReport {
  readonly fix: boolean;
  readonly cache: CacheReport;
  /** Contents that refs, indexes, stashes, reflogs or operations in progress lead to. */
  readonly needed: number;
  /** Objects of commits that a partial clone does not have: what they lead to is not known here, and counted nowhere. */
  readonly unknownObjects: number;
  /** Cached copies that were wrong. */
  readonly corrupt: readonly NamedContent[];
  /** Needed, and right neither in the cache nor in the store; with `fix` after every attempt. */
  readonly missing: readonly (NamedContent & { readonly size: number })[];
  readonly repaired: readonly (NamedContent & { readonly from: "worktree" | "store" })[];
  /** Not in the cache, and the store could not be asked. */
  readonly unknown: readonly (NamedContent & { readonly size: number })[];
  /** Pointers in some commit or index that state another size than their content has: nobody can get it by them. */
  readonly wrongSizes: readonly WrongSize[];
  /** With --store. */
  readonly store?: StoreFindings;
  /** With --store, also when the rest of the store could not be asked. */
  readonly storeIndex?: IndexReport;
  readonly storeProblem?: string;
}

/** 0 only if everything needed can be had and nothing damaged is left. */
export function exitCodeOf(report: FsckReport): number {
  const lost = new Set(report.missing.map((one) => one.oid));
  const { store } = report;
  if (store && (report.fix ? store.unrepairable : store.broken).length > 0) return exitCode.corrupt;
  if (!report.fix && report.storeIndex?.damagedSegments.length) return exitCode.corrupt;
  if (report.fix ? report.corrupt.some((one) => lost.has(one.oid)) : hasDamage(report)) return exitCode.corrupt;
  if (report.wrongSizes.length > 0) return exitCode.corrupt;
  if (lost.size + lostInStore(report).length > 0) return exitCode.missing;
  if (report.cache.unreadable.length > 0) return exitCode.disk;
  return report.storeProblem === undefined ? exitCode.ok : exitCode.unreachable;
}

/** What a remote's commits need and its store does not give, though a copy may be here; with `fix` what is left of it. */
function lostInStore({ store, fix }: FsckReport): readonly NamedContent[] {
  const restored = new Set(fix ? store?.restored.map((one) => one.oid) : []);
  return store?.lost.filter((one) => !restored.has(one.oid)) ?? [];
}

function hasDamage({ corrupt, cache }: FsckReport): boolean {
  return corrupt.length + cache.damagedPacks.length + cache.misplaced.length > 0;
}

/** For people: one line per finding, then what it comes to. */
export function describeFsck(report: FsckReport): string {
  const { cache } = report;
  const repaired = new Set(report.repaired.map((one) => one.oid));
  const lines = [
    `Checked ${counted(cache.contents, "content")} (${formatBytes(cache.bytes)}) in ${counted(cache.files, "file")} and ${counted(cache.packs, "pack")}; ${counted(report.needed, "is", "are")} needed`,
    ...(cache.recovered > 0
      ? [
          `Finished ${counted(cache.recovered, "pack of a process that was killed", "packs of processes that were killed")}`,
        ]
      : []),
    ...(report.unknownObjects > 0
      ? [
          `What ${counted(report.unknownObjects, "object", "objects")} of older commits may need is not known in this partial clone (git fetch --refetch --no-filter brings them)`,
        ]
      : []),
    ...cache.damagedPacks.map(
      (name) => `damaged pack: ${name}${report.fix ? " (what was right in it was saved)" : ""}`,
    ),
    ...cache.misplaced.map((path) => `not what it must be: ${path}${report.fix ? " (moved to bad/)" : ""}`),
    ...cache.unreadable.map(({ path, problem }) => `cannot be read: ${path}: ${problem}`),
    ...report.corrupt.filter((one) => !repaired.has(one.oid)).map((one) => `corrupt: ${named(one)}`),
    ...report.repaired.map((one) => `repaired from the ${one.from}: ${named(one)}`),
    ...report.missing.map(
      (one) => `${report.fix ? "unrepairable" : "missing"}: ${named(one)}, ${formatBytes(one.size)}`,
    ),
    ...report.wrongSizes.map((one) => `wrong pointer: ${describeWrongSize(one)}`),
    ...cache.orphans.map((path) => `belongs to nothing: ${path}`),
  ];
  if (report.storeIndex) lines.push(...describeIndex(report.storeIndex));
  if (report.store) lines.push(...describeStore(report.store));
  const absent = new Set(report.missing.map((one) => one.oid));
  const told = lostInStore(report).filter((one) => !absent.has(one.oid));
  lines.push(...told.map((one) => `store: pushed, and in no store any more: ${named(one)}`));
  if (report.storeProblem) lines.push(`store: ${report.storeProblem}`);
  if (report.unknown.length > 0) lines.push(describeUnknown(report.unknown));
  return [...lines, verdict(report)].join("\n");
}

/** A clone may have nothing but pointers: what is known of them all is said once. */
function describeUnknown(unknown: FsckReport["unknown"]): string {
  const names = unknown.map(({ path, oid }) => (path === undefined ? `sha256:${oid}` : quotePath(Buffer.from(path))));
  const paths = [...new Set(names)];
  const shown = paths.slice(0, mostShown);
  const more = paths.length > shown.length ? ` and ${paths.length - shown.length} more` : "";
  const contents = counted(unknown.length, "needed content is", "needed contents are");
  return `${contents} not in the cache, and the store cannot be asked: ${shown.join(", ")}${more}`;
}

function describeIndex({ damagedSegments, rewritten, removed }: IndexReport): string[] {
  const done = (id: string) => {
    if (rewritten.includes(id)) return " (written anew)";
    return removed.includes(id)
      ? " (moved to bad/ in the cache; run `git mlgit push --all` in the other clones that pushed to the store)"
      : "";
  };
  return damagedSegments.map((id) => `store: index segment is damaged: ${id}${done(id)}`);
}

function describeStore(store: StoreFindings): string[] {
  const restored = new Set(store.restored.map((one) => one.oid));
  const broken = new Set(store.broken.map((one) => one.oid));
  const unnamed = store.restored.filter((one) => !broken.has(one.oid)).length;
  return [
    `Checked ${counted(store.packs, "pack")} and ${counted(store.segments, "index segment")} of the store; ${counted(store.unpushed, "needed content is", "needed contents are")} not in it`,
    ...(store.read || store.packs === 0
      ? []
      : ["store: packs were looked up by name and size; `git mlgit fsck --store --paranoid` reads every byte of them"]),
    ...store.missingPacks.map((id) => `store: pack is missing: ${id}`),
    ...store.damagedPacks.map((id) => `store: pack is damaged: ${id}`),
    ...store.broken.map((one) => `store: ${restored.has(one.oid) ? "uploaded again" : "broken"}: ${named(one)}`),
    ...(unnamed > 0 ? [`store: ${counted(unnamed, "content")} that no index named any more, uploaded again`] : []),
    ...store.orphans.map((id) => `store: pack that no index names (git mlgit gc removes it): ${id}`),
  ];
}

function verdict(report: FsckReport): string {
  const code = exitCodeOf(report);
  if (code === exitCode.ok)
    return hasDamage(report) || report.storeIndex?.damagedSegments.length || report.store?.lost.length
      ? "Everything was repaired"
      : "Everything is right";
  if (code === exitCode.disk) return "The rest is right; check the disk (dmesg, smartctl), then run this again";
  if (code === exitCode.unreachable)
    return "The rest is right; when the store can be asked (`git mlgit store test`), run this again";
  if (report.wrongSizes.length > 0 && (report.fix || !hasDamage(report)))
    return "Check out the wrong pointers from a commit where they are right, or add their files again, and commit";
  if (!report.fix) return mending(report);
  return "Look for the missing contents in other clones and run `git mlgit push --all` there, or add the files again";
}

/** A pack that only its bytes show to be damaged is found by reading them alone. */
function mending(report: FsckReport): string {
  const { store, storeIndex } = report;
  if (store?.damagedPacks.length && store.broken.length > 0)
    return "Run `git mlgit fsck --store --paranoid --fix` in a clone that has the data";
  return store?.broken.length || storeIndex?.damagedSegments.length || lostInStore(report).length > 0
    ? "Run `git mlgit fsck --store --fix` in a clone that has the data"
    : "Run `git mlgit fsck --fix`";
}

function named({ oid, path }: NamedContent): string {
  return path === undefined ? `sha256:${oid} (nothing needs it)` : `${path} (sha256:${oid})`;
}
