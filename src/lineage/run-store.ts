import { existsSync } from "node:fs";
import { join } from "node:path";
import { MlgitError } from "../error/mlgit-error.ts";
import { openCatFile } from "../git/cat-file.ts";
import { plainIdent, type Settings } from "../git/ident.ts";
import { isPartial } from "../git/lazy-fetch.ts";
import { fetchPromised } from "../git/promised-objects.ts";
import { cwdOf, gitIn, type Repository } from "../git/repository.ts";
import { gitText, runGit, runGitNow } from "../git/run.ts";
import { listTree } from "../git/tree-scan.ts";
import { readFiles } from "./read-files.ts";
import { encodeRecord, parseRecord, type RecordEntry, recordId, type StoredRecord } from "./record.ts";
import { blobName, type RunRecord } from "./run-record.ts";

/** The ref whose tree holds all records that are known here: `<2 hex>/<62 hex>.json`, and shared blobs as `blobs/<2 hex>/<62 hex>`. */
export const runsRef = "refs/mlgit/runs";

const mostTries = 50;
const batch = 4096;
/** More than a few records may take git a while, in which others want to go on. */
const fewBytes = 1 << 16;

/**
 * Adds records and their shared blobs by one commit. Names are hashes, so whoever adds at the same time cannot be in the way: the loser of the race for the ref tries again on top of
 * the winner. Durable when it resolves. Settings that are known spare asking git. @throws MlgitError kind `conflict` when others win all the time.
 */
export async function appendRecords(
  repository: Repository,
  entries: readonly RecordEntry[],
  settings?: Settings,
): Promise<void> {
  if (entries.length === 0) return;
  const files = filesOf(entries);
  if (settings && (await appendAtOnce(repository, files, settings))) return;
  const committer = committerOf(repository);
  for (let tries = 0; tries < mostTries; tries++) {
    const [known, old] = await Promise.all([committer, runsTip(repository)]);
    if (await importFiles(repository, importStream(files, { committer: known, old }))) return;
  }
  throw new MlgitError("conflict", `${runsRef} is being changed all the time`, { hint: "run the same command again" });
}

/** The same in one process, where nothing has to be asked: there are records, and it is said outright who commits. False if that is not so, or somebody else was faster. */
async function appendAtOnce(
  repository: Repository,
  files: ReadonlyMap<string, Uint8Array>,
  settings: Settings,
): Promise<boolean> {
  const ident = plainIdent("committer", settings);
  // Asked for a commit that is not there, fast-import leaves a report of its crash.
  const isThere = existsSync(join(repository.commonDir, runsRef));
  if (!isThere || ident === undefined || process.env.GIT_COMMITTER_DATE !== undefined) return false;
  const input = importStream(files, { committer: `${ident} now`, old: `${runsRef}^0` });
  return importFiles(repository, input, ["--date-format=now"]);
}

/** It compares with the old value of the ref while it holds the ref's lock, and ends with 1 when another commit is there: then false. */
async function importFiles(repository: Repository, input: Buffer, options: readonly string[] = []): Promise<boolean> {
  const cwd = cwdOf(repository);
  const how = { cwd, input, env: { GIT_NO_REPLACE_OBJECTS: "1" }, okCodes: [0, 1] };
  const args = ["fast-import", "--quiet", "--done", ...options];
  const { code } = input.length < fewBytes ? runGitNow(args, how) : await runGit(args, how);
  return code === 0;
}

/** Every run that is known here, in no order. */
export async function* readRuns(repository: Repository): AsyncGenerator<StoredRecord<RunRecord>> {
  for await (const { id, record } of readRecords(repository)) if (record.type === "run") yield { id, record };
}

/**
 * Every record that is known here, or that a commit of {@link runsRef} has, in no order. What somebody has put in the place of one is left out.
 * @throws MlgitError kind `corrupt` when one that git has is gone or damaged: answers that lack it would be wrong.
 */
export async function* readRecords(repository: Repository, commit?: string): AsyncGenerator<StoredRecord> {
  const tip = commit ?? (await runsTip(repository));
  if (tip === undefined) return;
  if (await isPartial(repository)) await fetchPromised(repository, await recordBlobs(repository, tip));
  const cat = await openCatFile(repository);
  try {
    for await (const files of batches(repository, tip)) {
      const objects = await cat.contents(files.map(({ blob }) => blob));
      for (const [i, { id }] of files.entries()) {
        if (objects[i]?.type === "missing") throw damagedRecord(id);
        const record = parseRecord(id, objects[i]?.bytes ?? Buffer.alloc(0));
        if (record) yield { id, record };
      }
    }
  } finally {
    cat.close();
  }
}

/** Of one that the tree names. */
export function damagedRecord(id: string): MlgitError {
  return new MlgitError(
    "corrupt",
    `the record ${id} is damaged or missing here, so no question about lineage has a right answer`,
    {
      hint: "git fsck names the object; remove it if it is damaged, then git fetch --refetch <remote>",
    },
  );
}

/** The commit that {@link runsRef} is at; undefined before the first record. */
export function runsTip(repository: Repository): Promise<string | undefined> {
  return gitText(["rev-parse", "-q", "--verify", runsRef], { cwd: cwdOf(repository) });
}

/** The record that a path of the ref's tree names; undefined for shared blobs and everything else. */
export function idOfPath(path: string): string | undefined {
  const [, start, end] = /^([0-9a-f]{2})\/([0-9a-f]{62})\.json$/.exec(path) ?? [];
  return start !== undefined && end !== undefined ? start + end : undefined;
}

/** Where a record lies in the ref's tree. */
export function pathOfId(id: string): string {
  return `${fanOut(id)}.json`;
}

/** A shared blob by its oid, `sha256:` included; undefined when it is not here. The caller need not check the hash. */
export async function readRunBlob(repository: Repository, oid: string): Promise<Buffer | undefined> {
  return (await readRunBlobs(repository, [oid])).get(oid);
}

/** Shared blobs by their oids; what is not here, or is something else than its name says, is left out. */
export async function readRunBlobs(repository: Repository, oids: readonly string[]): Promise<Map<string, Buffer>> {
  const wanted = [...new Set(oids)].filter((oid) => /^sha256:[0-9a-f]{64}$/.test(oid));
  const found = new Map<string, Buffer>();
  if (wanted.length === 0) return found;
  const paths = wanted.map((oid) => `blobs/${fanOut(oid.slice("sha256:".length))}`);
  for (const [i, bytes] of (await readFiles(repository, runsRef, paths)).entries()) {
    const oid = wanted[i] as string;
    if (bytes && blobName(bytes) === oid) found.set(oid, bytes);
  }
  return found;
}

function filesOf(entries: readonly RecordEntry[]): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const { record, blobs } of entries) {
    const [id, bytes] = [recordId(record), encodeRecord(record)];
    // What is not read again would be lost without a word.
    if (!parseRecord(id, bytes)) throw new MlgitError("internal", `record ${id} could not be read again`);
    files.set(pathOfId(id), bytes);
    for (const blob of blobs) files.set(`blobs/${fanOut(blobName(blob).slice("sha256:".length))}`, blob);
  }
  return files;
}

function fanOut(hex: string): string {
  return `${hex.slice(0, 2)}/${hex.slice(2)}`;
}

/** Source of the format: git-fast-import(1). */
function importStream(
  files: ReadonlyMap<string, Uint8Array>,
  { committer, old }: { readonly committer: string; readonly old: string | undefined },
): Buffer {
  const message = "mlgit: runs\n";
  const head = `commit ${runsRef}\ncommitter ${committer}\ndata ${message.length}\n${message}`;
  const parts: Uint8Array[] = [Buffer.from(old === undefined ? head : `${head}from ${old}\n`)];
  for (const [path, bytes] of files)
    parts.push(Buffer.from(`M 100644 inline ${path}\ndata ${bytes.length}\n`), bytes, Buffer.from("\n"));
  parts.push(Buffer.from("done\n"));
  return Buffer.concat(parts);
}

async function committerOf(repository: Repository): Promise<string> {
  const { code, stdout } = await gitIn(repository, ["var", "GIT_COMMITTER_IDENT"], { okCodes: [0, 1, 128] });
  const known = stdout.toString("utf8").trim();
  return code === 0 && known !== "" ? known : `mlgit <> ${Math.floor(Date.now() / 1000)} +0000`;
}

async function recordBlobs(repository: Repository, tip: string): Promise<string[]> {
  const blobs: string[] = [];
  for await (const files of batches(repository, tip)) blobs.push(...files.map(({ blob }) => blob));
  return blobs;
}

async function* batches(
  repository: Repository,
  tip: string,
): AsyncGenerator<{ readonly id: string; readonly blob: string }[]> {
  let files: { id: string; blob: string }[] = [];
  for await (const { path, blob } of listTree(repository, tip)) {
    const id = idOfPath(path.toString("latin1"));
    if (id !== undefined) files.push({ id, blob });
    if (files.length < batch) continue;
    yield files;
    files = [];
  }
  if (files.length > 0) yield files;
}
