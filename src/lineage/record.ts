import { hash } from "node:crypto";
import { canonicalJson } from "./canonical-json.ts";
import type { RunRecord } from "./run-record.ts";

/**
 * What people say of an artifact after the fact. `taint`: do not rely on it or on what was made from it. `retire`: do not use it any more.
 * `note`: for readers. `withdraw`: takes another mark back.
 */
export type MarkWord = "taint" | "retire" | "note" | "withdraw";

/** A remark: written once, never changed. Format: canonical JSON, named by its SHA-256, beside the runs. */
export interface MarkRecord {
  readonly v: 1;
  readonly type: "mark";
  readonly mark: MarkWord;
  /** `sha256:<hex>` of a file's or a folder's content; for `withdraw` that of the mark that is taken back, without `sha256:`. */
  readonly of: string;
  /** What it was called when it was marked, or null. */
  readonly path: string | null;
  /** Bytes of it, of a folder the sum of its files; absent where only the oid was known. */
  readonly size?: number;
  readonly reason: string;
  /** `Name <mail>` as git commits. */
  readonly actor: string;
  /** Milliseconds since 1970. */
  readonly t: number;
}

export type LineageRecord = RunRecord | MarkRecord;

/** A record with the shared blobs it names. */
export interface RecordEntry {
  readonly record: LineageRecord;
  readonly blobs: readonly Uint8Array[];
}

/** A record and its name, 64 hex digits. */
export interface StoredRecord<T extends LineageRecord = LineageRecord> {
  readonly id: string;
  readonly record: T;
}

/** The bytes that are stored for a record. */
export function encodeRecord(record: LineageRecord): Buffer {
  return Buffer.from(`${canonicalJson(record)}\n`);
}

/** The name of a record: hex SHA-256 of {@link encodeRecord}. */
export function recordId(record: LineageRecord): string {
  return hash("sha256", encodeRecord(record));
}

/** Reads stored bytes; undefined for what is no record, was written by a later version, or does not have that name. */
export function parseRecord(id: string, bytes: Uint8Array): LineageRecord | undefined {
  if (hash("sha256", bytes) !== id) return undefined;
  try {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
    const value = JSON.parse(text) as Partial<LineageRecord> | null;
    return value?.v === 1 && (isRun(value) || isMark(value)) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whoever may push can have written it: nothing in it may be of another kind than what reads it takes for granted. */
function isRun(value: Partial<LineageRecord>): value is RunRecord {
  if (value.type !== "run") return false;
  const { in: read, out: made, t, cmd, code, ...rest } = value;
  const texts = [rest.stage, rest.kind, rest.state, rest.wdir, rest.actor];
  return (
    [read, made].every((files) => Array.isArray(files) && files.every(isFile)) &&
    Array.isArray(t) &&
    t.length === 2 &&
    t.every(isTime) &&
    texts.every(isText) &&
    (isText(cmd) || (Array.isArray(cmd) && cmd.every(isText))) &&
    isMap(code) &&
    [code.commit, code.dirty, rest.key, rest.env, rest.log].every(isTextOrNull) &&
    (rest.exit === null || typeof rest.exit === "number") &&
    isMap(rest.params) &&
    isMap(rest.metrics) &&
    isMap(rest.labels) &&
    Object.values(rest.labels).every(isText)
  );
}

function isMark(value: Partial<LineageRecord>): value is MarkRecord {
  if (value.type !== "mark") return false;
  const { mark, of, path, size, reason, actor, t } = value;
  return [mark, of, reason, actor].every(isText) && isTextOrNull(path) && isTime(t) && isSizeOrAbsent(size);
}

function isFile(value: unknown): boolean {
  if (!isMap(value)) return false;
  const { path, oid, mode, size, role } = value;
  return [path, oid, mode].every(isText) && isSizeOrAbsent(size) && (role === undefined || isText(role));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isTextOrNull(value: unknown): boolean {
  return value === null || isText(value);
}

function isSizeOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === "number";
}

/** Milliseconds that a date can have. */
function isTime(value: unknown): boolean {
  return typeof value === "number" && Math.abs(value) <= 8.64e15;
}
