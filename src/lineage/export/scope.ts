import { createHash } from "node:crypto";
import type { Environment } from "../environment.ts";
import type { ListedFile, RunRecord } from "../run-record.ts";

/** A run as exports need it. */
export interface ExportRun {
  readonly id: string;
  readonly record: RunRecord;
  /** With the versions that probes found. */
  readonly environment: Environment;
  /** The end of what it printed. */
  readonly log: string | undefined;
}

/** Where paths and runs belong, for readers elsewhere. */
export interface ExportPlace {
  /** A URI of the repository, without credentials. */
  readonly namespace: string;
  /** Which mlgit wrote it. */
  readonly version: string;
}

/** Runs and what joins them. */
export interface ExportGraph {
  readonly place: ExportPlace;
  /** By time, the oldest first. */
  readonly runs: readonly ExportRun[];
  /** What folders hold that runs read or wrote as a whole, by oid. */
  readonly folders: ReadonlyMap<string, readonly ListedFile[]>;
}

/** A version of an entity, or a file or folder that is not called one. */
export interface ExportSubject {
  readonly name: string;
  /** `dataset`, `labels`, `model`; undefined for what is no entity. */
  readonly kind: string | undefined;
  /** Its number, else its commit; undefined for what lies in the worktree. */
  readonly version: string | undefined;
  readonly commit: string | undefined;
  /** Relative to the top of the repository. */
  readonly path: string;
  /** `sha256:<hex>` of all of it. */
  readonly oid: string;
  /** Relative to `path`; of a single file it is empty. */
  readonly files: readonly ListedFile[];
  /** The beginning of its README. */
  readonly description: string | undefined;
  /** By name, of its spec. */
  readonly metrics: Readonly<Record<string, unknown>>;
  /** `Name <mail>` of whoever committed it. */
  readonly author: string | undefined;
  /** When it was committed; milliseconds since 1970. */
  readonly time: number | undefined;
}

/** The oids of a subject: its files, and folders that hold nothing else. Empty files are the same everywhere and connect nothing. */
export function ownOids(subject: ExportSubject, { folders }: Pick<ExportGraph, "folders">): ReadonlySet<string> {
  const files = new Set(subject.files.filter(({ size }) => size > 0).map(({ oid }) => oid));
  const inside = [...folders].filter(([, held]) => held.length > 0 && held.every(({ oid }) => files.has(oid)));
  return new Set([subject.oid, ...files, ...inside.map(([oid]) => oid)]);
}

/** The runs that made a subject, or some of it. */
export function makersOf(subject: ExportSubject, graph: Pick<ExportGraph, "runs" | "folders">): ExportRun[] {
  const own = ownOids(subject, graph);
  const isOwn = (oid: string) => own.has(oid) || (graph.folders.get(oid) ?? []).some((file) => own.has(file.oid));
  return graph.runs.filter(({ record }) => record.out.some(({ oid }) => isOwn(oid)));
}

/** A UUID (version 8, RFC 9562) that is the same for the same words. */
export function nameUuid(words: readonly string[]): string {
  const bytes = createHash("sha256").update(words.join("\n")).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** What a run is called where names are UUIDs. */
export function runUuid(id: string): string {
  return nameUuid(["mlgit run", id]);
}

/** Who ran something: the same words are the same agent in every export. */
export interface Agent {
  readonly uuid: string;
  readonly name: string;
  readonly mail: string | undefined;
}

export function agentOf(actor: string): Agent {
  return { uuid: nameUuid(["mlgit agent", actor]), ...personOf(actor) };
}

export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** One line for people; words that a shell would take apart are in quotes. */
export function commandText(cmd: RunRecord["cmd"]): string {
  if (typeof cmd === "string") return cmd;
  return cmd.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}

export function hexOf(oid: string): string {
  return oid.replace(/^sha256:/, "");
}

/** `A U Thor <a@b>` taken apart. */
export function personOf(actor: string): { readonly name: string; readonly mail: string | undefined } {
  const [, name = "", mail] = /^(.*?)\s*<([^>]*)>$/.exec(actor) ?? [undefined, actor];
  return { name: name === "" ? (mail ?? "unknown") : name, mail: mail === "" ? undefined : mail };
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** Values without those that are undefined. */
export function present<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;
}
