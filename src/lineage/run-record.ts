import { hash } from "node:crypto";
import { canonicalJson, type Json } from "./canonical-json.ts";

/**
 * How a run ended. `cached`: nothing was executed, the outputs of an earlier run were taken. `cancelled`: stopped by Ctrl-C.
 */
export type RunState = "complete" | "failed" | "cached" | "cancelled";

/** Something that a run read or wrote. */
export interface RunFile {
  /** Relative to the top of the repository, `/` between folders. */
  readonly path: string;
  /** `sha256:<hex>` of the content; of a folder that of its listing (folderListing), which is a shared blob. */
  readonly oid: string;
  /** `100644`, `100755`; `040000` for a folder. */
  readonly mode: string;
  /** Bytes; of a folder the sum of its files. */
  readonly size?: number;
  /** What it is to the run, if not plain data: `model`, `metrics`, `env` (a declared environment file) … */
  readonly role?: string;
  /** False for an output that is recorded and not kept anywhere. Absent: true. */
  readonly kept?: boolean;
}

/** One execution: written once, never changed. Format: canonical JSON, named by its SHA-256. */
export interface RunRecord {
  readonly v: 1;
  readonly type: "run";
  /** The memo key, 64 hex digits; null for a run that is never reused (recorded from outside). */
  readonly key: string | null;
  /** The stage's name, or whatever an external scheduler calls it. */
  readonly stage: string;
  /** `train`, `evaluate`, `deploy`, …; `run` when nothing was said. */
  readonly kind: string;
  readonly state: RunState;
  /** The commit that was checked out, and the tree of the worktree where it differed from that. */
  readonly code: { readonly commit: string | null; readonly dirty: string | null };
  /** For `sh -c`, or program and arguments. */
  readonly cmd: string | readonly string[];
  /** The folder it ran in, relative to the top; empty at the top. */
  readonly wdir: string;
  readonly in: readonly RunFile[];
  readonly out: readonly RunFile[];
  /** By dotted name, typed: `{"train.lr": 0.01}`. */
  readonly params: Readonly<Record<string, Json>>;
  readonly metrics: Readonly<Record<string, Json>>;
  /** `sha256:<hex>` of a shared blob that describes libraries and machine, or null. */
  readonly env: string | null;
  /** Start and end, milliseconds since 1970. */
  readonly t: readonly [number, number];
  /** The command's exit code; null when a signal ended it or none was run. */
  readonly exit: number | null;
  /** `sha256:<hex>` of a shared blob with the end of what the command printed, or null. */
  readonly log: string | null;
  /** `Name <mail>` as git commits. */
  readonly actor: string;
  /** `pipeline`, `exp`, `env` (of a deployment), … */
  readonly labels: Readonly<Record<string, string>>;
}

/** A run with the shared blobs it names (environment, log, folder listings, small outputs): they lie beside the records, under their oids. */
export interface RunEntry {
  readonly record: RunRecord;
  readonly blobs: readonly Uint8Array[];
}

/** A file of a folder that is an artifact as a whole; `path` is relative to that folder. */
export interface ListedFile {
  readonly path: string;
  readonly mode: string;
  readonly oid: string;
  readonly size: number;
}

/** `sha256:<hex>` of bytes: the name of a shared blob. */
export function blobName(bytes: Uint8Array): string {
  return `sha256:${hash("sha256", bytes)}`;
}

/** The text whose hash is a folder's oid: canonical JSON of `[path, mode, oid, size]` in the order of the paths' UTF-16 units. */
export function folderListing(files: readonly ListedFile[]): Buffer {
  const rows = files.map(({ path, mode, oid, size }) => [path, mode, oid, size] as const);
  const sorted = rows.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Buffer.from(`${canonicalJson(sorted)}\n`);
}

/** Reads a listing; undefined when the bytes are none. */
export function parseFolderListing(bytes: Uint8Array): ListedFile[] | undefined {
  let rows: unknown;
  try {
    rows = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return undefined;
  }
  if (!Array.isArray(rows) || !rows.every(isRow)) return undefined;
  return rows.map(([path, mode, oid, size]) => ({ path, mode, oid, size }));
}

function isRow(row: unknown): row is [string, string, string, number] {
  if (!Array.isArray(row) || row.length !== 4) return false;
  return row.slice(0, 3).every((one) => typeof one === "string") && typeof row[3] === "number";
}
