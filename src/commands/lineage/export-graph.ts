import { defaultRemote, resolveRemote } from "../../git/remote.ts";
import { cwdOf, type Repository } from "../../git/repository.ts";
import { gitText } from "../../git/run.ts";
import { readLibraries } from "../../lineage/environment.ts";
import type { ExportGraph, ExportPlace, ExportRun } from "../../lineage/export/scope.ts";
import { type ListedFile, parseFolderListing } from "../../lineage/run-record.ts";
import { readRunBlobs, readRuns } from "../../lineage/run-store.ts";
import type { Artifact } from "../../lineage/trace.ts";
import { redactText } from "../../log/redact.ts";
import { version } from "../../util/version.ts";
import type { Session } from "../session.ts";
import { findSubject } from "./find-artifacts.ts";
import { findRun, type NamedRun } from "./find-run.ts";
import type { Lineage } from "./open-lineage.ts";

/** The runs that a question is about: all there are, or those that led to something. */
export async function chooseRuns(
  word: string | undefined,
  lineage: Lineage,
  depth: number | undefined,
): Promise<NamedRun[]> {
  if (word === undefined) {
    const all: NamedRun[] = [];
    for await (const one of readRuns(lineage.repository)) all.push(one);
    return all;
  }
  const subject = await findSubject(word, lineage.repository, lineage.index);
  if (!("run" in subject)) return runsBehind(subject.artifacts, lineage, depth);
  const run = await findRun(subject.run, lineage);
  const rest = depth === undefined ? undefined : depth - 1;
  return [run, ...(await runsBehind(run.record.in, lineage, rest)).filter(({ id }) => id !== run.id)];
}

export async function runsBehind(
  roots: readonly Artifact[],
  lineage: Lineage,
  depth: number | undefined,
): Promise<NamedRun[]> {
  const { runs } = await lineage.trace(roots, "up", depth);
  return [...runs].map(([id, record]) => ({ id, record }));
}

/** Reads what belongs to runs: libraries, logs, what folders hold. */
export async function toGraph(
  runs: readonly NamedRun[],
  repository: Repository,
  place: ExportPlace,
): Promise<ExportGraph> {
  const sorted = [...runs].sort((a, b) => a.record.t[0] - b.record.t[0] || (a.id < b.id ? -1 : 1));
  const records = sorted.map(({ record }) => record);
  const environments = await readLibraries(records, repository);
  const folderOids = records.flatMap(({ in: used, out }) =>
    [...used, ...out].flatMap(({ mode, oid }) => (mode === "040000" ? oid : [])),
  );
  const blobs = await readRunBlobs(repository, [...records.flatMap(({ log }) => log ?? []), ...folderOids]);
  const folders = new Map<string, readonly ListedFile[]>();
  for (const oid of folderOids) {
    const bytes = blobs.get(oid);
    const files = bytes && parseFolderListing(bytes);
    if (files) folders.set(oid, files);
  }
  const toRun = ({ id, record }: NamedRun, i: number): ExportRun => ({
    id,
    record,
    environment: environments[i] ?? {},
    log: record.log === null ? undefined : blobs.get(record.log)?.toString("utf8"),
  });
  return { place, folders, runs: sorted.map(toRun) };
}

/** A URI for the repository: that of the remote, else one that its first commit makes. */
export async function placeOf({ repository, git }: Session, namespace: unknown): Promise<ExportPlace> {
  if (typeof namespace === "string") return { namespace, version };
  const remote = await defaultRemote(repository, git, "fetch");
  const url = remote === undefined ? undefined : (await resolveRemote(repository, git, remote)).fetchUrl;
  const uri = url === undefined ? undefined : repositoryUri(url);
  if (uri !== undefined) return { namespace: uri, version };
  const first = await gitText(["rev-list", "--max-parents=0", "HEAD"], { cwd: cwdOf(repository), okCodes: [0, 128] });
  const root = first?.split("\n").filter(Boolean).sort()[0];
  return { namespace: `urn:mlgit:repository:${root ?? "empty"}`, version };
}

/** `git@host:a/b.git`, a path, or a URL with credentials, as one URI without them. */
export function repositoryUri(url: string): string | undefined {
  const plain = url.replace(/^[a-z][a-z0-9]*::(?=[a-z])/, "");
  const [, host, path] = /^(?:[^@/:]+@)?([^/:]+):(?!\/\/)(.+)$/.exec(plain) ?? [];
  const text = host !== undefined ? `ssh://${host}/${path}` : plain.startsWith("/") ? `file://${plain}` : plain;
  try {
    const parsed = new URL(text);
    parsed.username = "";
    parsed.password = "";
    parsed.search = "";
    parsed.hash = "";
    return redactText(parsed.href.replace(/\/$/, ""));
  } catch {
    return undefined;
  }
}
