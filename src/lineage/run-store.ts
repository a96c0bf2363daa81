import { MlgitError } from "../error/mlgit-error.ts";
import { openCatFile } from "../git/cat-file.ts";
import { cwdOf, gitIn, type Repository } from "../git/repository.ts";
import { gitText } from "../git/run.ts";
import { listTree } from "../git/tree-scan.ts";
import { blobName, encodeRun, type RunEntry, type RunRecord, runId } from "./run-record.ts";

/** The ref whose tree holds all runs that are known here: `<2 hex>/<62 hex>.json`, and shared blobs as `blobs/<2 hex>/<62 hex>`. */
export const runsRef = "refs/mlgit/runs";

const mostTries = 50;
const batch = 4096;

/**
 * Adds runs and their shared blobs by one commit. Names are hashes, so whoever adds at the same time cannot be in the way: the loser of the race for the ref tries again on top of
 * the winner. Durable when it resolves. @throws MlgitError kind `conflict` when others win all the time.
 */
export async function appendRuns(repository: Repository, entries: readonly RunEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const committer = await committerOf(repository);
  const files = filesOf(entries);
  const env = { GIT_NO_REPLACE_OBJECTS: "1" };
  for (let tries = 0; tries < mostTries; tries++) {
    const old = await gitText(["rev-parse", "-q", "--verify", runsRef], { cwd: cwdOf(repository) });
    const input = importStream(files, { committer, old });
    // It compares with the old value of the ref while it holds the ref's lock, and ends with 1 when another commit is there.
    const { code } = await gitIn(repository, ["fast-import", "--quiet", "--done"], { input, env, okCodes: [0, 1] });
    if (code === 0) return;
  }
  throw new MlgitError("conflict", `${runsRef} is being changed all the time`, { hint: "run the same command again" });
}

/** Adds one run. */
export function appendRun(repository: Repository, entry: RunEntry): Promise<void> {
  return appendRuns(repository, [entry]);
}

export interface StoredRun {
  /** 64 hex digits. */
  readonly id: string;
  readonly record: RunRecord;
}

/** Every run that is known here, in no order. What cannot be read as one is left out. */
export async function* readRuns(repository: Repository): AsyncGenerator<StoredRun> {
  if ((await gitText(["rev-parse", "-q", "--verify", runsRef], { cwd: cwdOf(repository) })) === undefined) return;
  const cat = await openCatFile(repository);
  try {
    for await (const files of batches(repository)) {
      const objects = await cat.contents(files.map(({ blob }) => blob));
      for (const [i, { id }] of files.entries()) {
        const record = parseRun(objects[i]?.bytes ?? Buffer.alloc(0));
        if (record) yield { id, record };
      }
    }
  } finally {
    cat.close();
  }
}

/** A shared blob by its oid, `sha256:` included; undefined when it is not here. The caller need not check the hash. */
export async function readRunBlob(repository: Repository, oid: string): Promise<Buffer | undefined> {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(oid)?.[1];
  if (hex === undefined) return undefined;
  const cat = await openCatFile(repository);
  try {
    const [object] = await cat.contents([`${runsRef}:blobs/${fanOut(hex)}`]);
    if (object?.type !== "blob") return undefined;
    const bytes = Buffer.from(object.bytes);
    return blobName(bytes) === oid ? bytes : undefined;
  } finally {
    cat.close();
  }
}

function filesOf(entries: readonly RunEntry[]): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const { record, blobs } of entries) {
    files.set(`${fanOut(runId(record))}.json`, encodeRun(record));
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

async function* batches(repository: Repository): AsyncGenerator<{ readonly id: string; readonly blob: string }[]> {
  let files: { id: string; blob: string }[] = [];
  for await (const { path, blob } of listTree(repository, runsRef)) {
    const [, start, end] = /^([0-9a-f]{2})\/([0-9a-f]{62})\.json$/.exec(path.toString("latin1")) ?? [];
    if (start !== undefined && end !== undefined) files.push({ id: start + end, blob });
    if (files.length < batch) continue;
    yield files;
    files = [];
  }
  if (files.length > 0) yield files;
}

function parseRun(bytes: Buffer): RunRecord | undefined {
  try {
    const value = JSON.parse(bytes.toString("utf8")) as Partial<RunRecord> | null;
    return value?.v === 1 && value.type === "run" && Array.isArray(value.in) && Array.isArray(value.out)
      ? (value as RunRecord)
      : undefined;
  } catch {
    return undefined;
  }
}
