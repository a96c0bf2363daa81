import { writeFileSync } from "node:fs";
import { MlgitError } from "../../error/mlgit-error.ts";
import { blobOid } from "../../git/blob-pack.ts";
import { fill } from "../../hydrate/fill.ts";
import { PlaceBatch } from "../../hydrate/place-batch.ts";
import { placeFile } from "../../hydrate/place-file.ts";
import { parseFolderListing, type RunFile, type RunRecord } from "../../lineage/run-record.ts";
import type { Artifacts } from "../../pipeline/artifacts.ts";
import type { RunHistory } from "../../pipeline/history.ts";
import type { Stage } from "../../pipeline/stage.ts";
import { formatPointer } from "../../pointer/pointer.ts";
import type { FileState } from "../../util/file-state.ts";
import type { Context } from "../command.ts";
import { MutabilityMap } from "../mutability-map.ts";
import { fetchOrExplain } from "../restore-content.ts";
import type { Session } from "../session.ts";
import type { MadeFiles } from "./made-files.ts";

export interface RestoreParts {
  readonly session: Session;
  readonly context: Context;
  readonly history: RunHistory;
  readonly artifacts: Artifacts;
  readonly made: MadeFiles;
  /** Ask the store for what is not in the cache. */
  readonly pull: boolean;
}

interface WantedFile {
  readonly path: string;
  /** Without `sha256:`. */
  readonly oid: string;
  readonly mode: string;
  readonly size: number;
}

/** Whether every output of an earlier run can be had; with `pull` it is then in the cache. */
export async function canRestore(stage: Stage, record: RunRecord, parts: RestoreParts): Promise<boolean> {
  const wanted: WantedFile[] = [];
  for (const { path, kind } of stage.outputs) {
    const made = record.out.find((file) => file.path === path);
    if (!made) return false;
    if (kind === "scratch" && parts.artifacts.look(path)?.oid !== made.oid) return false;
    if (kind === "metrics" && (await parts.history.blob(made.oid)) === undefined) return false;
    const files = kind === "kept" ? await filesOf(made, parts.history) : [];
    if (files === undefined) return false;
    wanted.push(...files);
  }
  const cache = await parts.session.cache();
  const absent = wanted.filter(({ oid, size }) => size > 0 && !cache.has(oid));
  if (absent.length === 0) return true;
  if (!parts.pull) return false;
  return (await fetchOrExplain(absent, parts.session, parts.context)).size === 0;
}

/** Writes outputs of an earlier run where nothing lies in their place. */
export async function placeOutputs(record: RunRecord, paths: readonly string[], parts: RestoreParts): Promise<void> {
  const repository = parts.session.workTree;
  const batch = new PlaceBatch(repository.workTree, repository.gitDir);
  const rules = await MutabilityMap.load(repository);
  for (const path of paths) {
    const made = record.out.find((file) => file.path === path);
    if (!made) throw new MlgitError("internal", `a run that is reused has no output ${path}`);
    if (made.role === "metrics") await placeMetrics(made, batch, parts);
    else for (const file of (await filesOf(made, parts.history)) ?? []) await placeKept(file, { batch, rules, parts });
  }
}

async function placeMetrics(made: RunFile, batch: PlaceBatch, { history, made: files }: RestoreParts): Promise<void> {
  const bytes = (await history.blob(made.oid)) ?? Buffer.alloc(0);
  place(made, batch, { readOnly: false, source: (temp) => writeFileSync(temp, bytes, { flag: "wx" }) });
  files.addPlain(made.path);
}

async function placeKept(
  file: WantedFile,
  { batch, rules, parts }: { readonly batch: PlaceBatch; readonly rules: MutabilityMap; readonly parts: RestoreParts },
): Promise<void> {
  const cache = await parts.session.cache();
  const pointer = file.size === 0 ? Buffer.alloc(0) : formatPointer(file);
  const readOnly = rules.isReadOnly(Buffer.from(file.path), blobOid(parts.session.repository, pointer));
  const content = file.size === 0 ? undefined : cache.get(file.oid);
  if (file.size > 0 && !content)
    throw new MlgitError("missing", `sha256:${file.oid} is gone from the cache`, { path: file.path, oid: file.oid });
  let shared: FileState | undefined;
  const stat = place(file, batch, {
    readOnly,
    source: (temp) => {
      if (content) shared = fill(temp, content, readOnly && cache.isElsewhere(file.oid));
      else writeFileSync(temp, "", { flag: "wx" });
    },
  });
  if (shared) {
    cache.noteShared(file.oid);
    parts.made.links.note(shared, stat);
  }
  parts.made.add(file.path, { pointer, stat });
}

function place(
  { path, mode }: { readonly path: string; readonly mode: string },
  batch: PlaceBatch,
  how: { readonly readOnly: boolean; readonly source: (temp: Buffer) => void },
) {
  const result = placeFile({
    batch,
    path: Buffer.from(path),
    expected: undefined,
    missing: "create",
    mode: mode === "100755" ? 0o755 : 0o644,
    ...how,
  });
  if (result.placed) return result.stat;
  throw new MlgitError("refused", `the output ${path} cannot be put in its place: ${result.reason}`, {
    path,
    hint: "move what is in its way, and run git mlgit repro again",
  });
}

/** Undefined when the listing of a folder is not known here, or is none. */
async function filesOf(made: RunFile, history: RunHistory): Promise<WantedFile[] | undefined> {
  if (made.mode !== "040000") return [bare({ ...made, size: made.size ?? 0 })];
  const listing = await history.blob(made.oid);
  const files = listing && parseFolderListing(listing);
  return files?.map((file) => bare({ ...file, path: `${made.path}/${file.path}` }));
}

function bare({ path, oid, mode, size }: WantedFile): WantedFile {
  return { path, oid: oid.replace(/^sha256:/, ""), mode, size };
}
