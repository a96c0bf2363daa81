/* docs/format/remote.md */
import { createHash } from "node:crypto";
import { MlgitError } from "../error/mlgit-error.ts";
import type { ObjectFormat } from "../git/repository.ts";
import { findFolderClash, isRefName } from "./ref-name.ts";
import { restoreHint } from "./restore-hint.ts";

export interface RemotePack {
  /** Generations whose pushes it holds, both included. */
  readonly from: number;
  readonly to: number;
  /** Entries in its header. */
  readonly objects: number;
  /** Bytes of all pieces. */
  readonly size: number;
  /** Empty where the bytes stand in the root itself. */
  readonly pieces: readonly string[];
  /** A small pack of the newest pushes, base64: it costs neither its push nor its readers a request. */
  readonly inline?: string;
}

/** Packs that were joined into another one, which is named by its first piece. */
export interface RetiredPacks {
  readonly by: string;
  /** ISO time of when they were joined. */
  readonly at: string;
  readonly packs: readonly RemotePack[];
}

export interface Root {
  readonly repository: string;
  readonly generation: number;
  readonly epoch: number;
  readonly objectFormat: ObjectFormat;
  readonly head: string;
  readonly refs: ReadonlyMap<string, string>;
  readonly peeled: ReadonlyMap<string, string>;
  /** Patterns of refs (`*` stands for anything) that honest clients neither delete nor rewrite. */
  readonly protected: readonly string[];
  readonly packs: readonly RemotePack[];
  readonly retired: readonly RetiredPacks[];
  readonly transactions: readonly string[];
  readonly time: string;
}

/** Far above any repository, far below what ends a process. */
export const rootLimit = 256 << 20;

/** Of so many generations a root tells who made them. */
export const keptTransactions = 64;
const sumDigits = 16;
/** Bytes of a pack that may stand in the root. */
export const inlineLimit = 2048;

export function emptyRoot(repository: string, objectFormat: ObjectFormat): Root {
  return {
    repository,
    generation: 0,
    epoch: 0,
    objectFormat,
    head: "refs/heads/main",
    refs: new Map(),
    peeled: new Map(),
    protected: [],
    packs: [],
    retired: [],
    transactions: [],
    time: new Date(0).toISOString(),
  };
}

/** The next generation of a root, with what changed and the transaction that changes it. */
export function nextRoot(before: Root, transaction: string, changes: Partial<Root>): Root {
  return {
    ...before,
    ...changes,
    generation: before.generation + 1,
    transactions: [...before.transactions, transaction].slice(-keptTransactions),
    time: new Date().toISOString(),
  };
}

export function encodeRoot(root: Root): Buffer {
  const { repository, generation, epoch, objectFormat, head, packs, retired, transactions, time } = root;
  const start = { format: 1, repository, generation, epoch, objectFormat, head };
  const refs = { refs: sorted(root.refs), peeled: sorted(root.peeled) };
  const rules = root.protected.length > 0 ? { protected: root.protected } : {};
  const body = JSON.stringify({ ...start, ...refs, ...rules, packs, retired, transactions, time }).slice(0, -1);
  return Buffer.from(`${body},"sum":"${sumOf(body)}"}\n`);
}

/** A bit that a disk turns over may leave a root that can be read, with an object id that nobody knows. */
function sumOf(body: string | Uint8Array): string {
  return createHash("sha256").update(body).digest("hex").slice(0, sumDigits);
}

/** False when the sum at the end is not that of what stands before it. Of the first days there are roots without one. */
function hasItsSum(bytes: Uint8Array, { sum }: Record<string, unknown>): boolean {
  if (sum === undefined) return true;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = buffer.lastIndexOf(',"sum":"');
  return at > 0 && sum === sumOf(buffer.subarray(0, at));
}

/**
 * Reads a root that anybody who may write to the store may have written.
 * @throws MlgitError kind `corrupt`, or `unsupported` for another format.
 */
export function decodeRoot(bytes: Uint8Array, where: string): Root {
  const damaged = (what: string) =>
    new MlgitError("corrupt", `the root of ${where} is damaged: ${what}`, {
      hint: restoreHint,
    });
  const json = parseJson(bytes);
  if (json === undefined) throw damaged("not JSON");
  if (json.format !== 1)
    throw new MlgitError("unsupported", `the repository in ${where} has format ${JSON.stringify(json.format)}`, {
      hint: "install the newest mlgit",
    });
  if (!hasItsSum(bytes, json)) throw damaged("its sum is another");
  const objectFormat = json.objectFormat === "sha256" ? "sha256" : "sha1";
  const oid = objectFormat === "sha256" ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/;
  const isOid = (value: unknown): value is string => typeof value === "string" && oid.test(value);
  const { repository, generation, epoch, head, time } = json;
  if (typeof repository !== "string" || !/^[0-9A-Za-z-]{1,64}$/.test(repository)) throw damaged("repository");
  if (!isCount(generation) || !isCount(epoch) || json.objectFormat !== objectFormat) throw damaged("generation");
  if (typeof head !== "string" || !head.startsWith("refs/heads/") || !isRefName(head)) throw damaged("head");
  const refs = toMap(json.refs, isOid);
  const peeled = toMap(json.peeled, isOid);
  if (!refs || findFolderClash(refs.keys())) throw damaged("refs");
  if (!peeled) throw damaged("peeled");
  const { packs, retired, transactions, protected: rules = [] } = json;
  if (!isPackList(packs) || !isRetiredList(retired)) throw damaged("packs");
  if (!isTextList(transactions) || !isTextList(rules)) throw damaged("transactions or rules");
  return {
    repository,
    generation,
    epoch,
    objectFormat,
    head,
    refs,
    peeled,
    protected: rules,
    packs,
    retired,
    transactions,
    time: typeof time === "string" ? time : "",
  };
}

function parseJson(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function toMap(value: unknown, isOid: (oid: unknown) => oid is string): Map<string, string> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  return entries.every(([name, oid]) => isRefName(name) && isOid(oid)) ? new Map(entries) : undefined;
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isPack(value: unknown): value is RemotePack {
  const { from, to, objects, size, pieces, inline } = (value ?? {}) as Partial<RemotePack>;
  if (!isCount(from) || !isCount(to) || from > to || !isCount(objects) || !isCount(size)) return false;
  if (!Array.isArray(pieces) || !pieces.every(isPieceName)) return false;
  return inline === undefined ? pieces.length > 0 : pieces.length === 0 && isInline(inline, size);
}

function isInline(inline: unknown, size: number): boolean {
  if (typeof inline !== "string" || size > inlineLimit) return false;
  return /^[0-9A-Za-z+/]*={0,2}$/.test(inline) && Buffer.byteLength(inline, "base64") === size;
}

function isRetired(value: unknown): value is RetiredPacks {
  const { by, at, packs } = (value ?? {}) as Partial<RetiredPacks>;
  return isPieceName(by) && typeof at === "string" && Array.isArray(packs) && packs.every(isPack);
}

function isRetiredList(value: unknown): value is readonly RetiredPacks[] {
  return Array.isArray(value) && value.every(isRetired);
}

/** `<sha256>-<16 hex>`. */
export function isPieceName(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}-[0-9a-f]{16}$/.test(value);
}

function isPackList(packs: unknown): packs is readonly RemotePack[] {
  if (!Array.isArray(packs) || !packs.every(isPack)) return false;
  return packs.every((pack, i) => i === 0 || (packs[i - 1]?.to ?? 0) < pack.from);
}

/** As git sorts refs: by bytes. */
function sorted(map: ReadonlyMap<string, string>): Record<string, string> {
  const entries = [...map].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return Object.fromEntries(entries);
}
