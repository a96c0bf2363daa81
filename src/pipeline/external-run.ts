import { MlgitError } from "../error/mlgit-error.ts";
import { canonicalJson, type Json } from "../lineage/canonical-json.ts";
import type { RecordEntry } from "../lineage/record.ts";
import { blobName, folderListing, type RunFile, type RunRecord } from "../lineage/run-record.ts";
import { redactParameters, redactText, redactWords } from "../log/redact.ts";
import * as z from "../util/schema.ts";
import type { Artifacts } from "./artifacts.ts";

const oid = z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/, "an oid is sha256: and 64 hex digits"));
const path = z.string().check(
  z.minLength(1),
  z.refine((text) => !text.startsWith("/") && !text.split("/").includes(".."), "a path is relative to the top"),
);
const file = z.union([
  path,
  z.strictObject({
    path,
    oid: z.optional(oid),
    mode: z.optional(z.enum(["100644", "100755", "040000"])),
    size: z.optional(z.int().check(z.nonnegative())),
    role: z.optional(z.string()),
    kept: z.optional(z.boolean()),
  }),
]);
/** The last moment that a date can have. */
const lastTime = 8.64e15;
const time = z.union([z.number().check(z.nonnegative(), z.maximum(lastTime)), z.iso.datetime({ offset: true })]);
const word = z.string().check(z.minLength(1));
const text = z.string();
const map = z.record(text, z.json());

/** What trainers and schedulers may say of a run. Only the stage is needed. */
const externalRun = z.strictObject({
  stage: word,
  kind: z._default(word, "run"),
  state: z._default(z.enum(["complete", "failed", "cancelled"]), "complete"),
  cmd: z._default(z.union([text, z.array(text)]), ""),
  wdir: z._default(text, ""),
  in: z._default(z.array(file), []),
  out: z._default(z.array(file), []),
  params: z._default(map, {}),
  metrics: z._default(map, {}),
  env: z.optional(map),
  begin: z.optional(time),
  end: z.optional(time),
  exit: z.optional(z.int()),
  log: z.optional(text),
  actor: z.optional(text),
  commit: z.optional(text.check(z.regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/))),
  labels: z._default(z.record(text, text), {}),
});

type ExternalRun = z.infer<typeof externalRun>;

/** A run as others tell it; only `stage` is needed. A file is a path, whose content is looked at here, or says its oid itself. */
export type ExternalRunInput = z.input<typeof externalRun>;

export interface ExternalParts extends Pick<RunRecord, "code" | "actor"> {
  /** Where files without an oid are looked at. */
  readonly artifacts: Artifacts;
}

/**
 * The record of a run that something else made, without secrets.
 * @throws MlgitError kind `usage` that says where the text makes no sense, `missing` for a file that is not there.
 */
export function toEntry(
  { text, where }: { readonly text: string; readonly where: string },
  { code, actor, artifacts }: ExternalParts,
): RecordEntry {
  const run = read(text, where);
  const blobs: Uint8Array[] = [];
  const keep = (bytes: Buffer) => {
    blobs.push(bytes);
    return blobName(bytes);
  };
  const files = (list: ExternalRun["in"]) => list.map((one) => toFile(one, { artifacts, keep, where }));
  const end = millisecondsOf(run.end) ?? Date.now();
  const begin = millisecondsOf(run.begin) ?? end;
  if (begin > end)
    throw new MlgitError("usage", `${where} is no run: it ends before it begins`, {
      path: where,
      hint: "begin and end are milliseconds since 1970, or dates with a time zone; without end a run ends now",
    });
  const record: RunRecord = {
    v: 1,
    type: "run",
    key: null,
    stage: run.stage,
    kind: run.kind,
    state: run.state,
    code: run.commit === undefined ? code : { commit: run.commit, dirty: null },
    cmd: typeof run.cmd === "string" ? redactText(run.cmd) : redactWords(run.cmd),
    wdir: run.wdir,
    in: files(run.in),
    out: files(run.out),
    params: redactParameters(run.params as Readonly<Record<string, Json>>),
    metrics: run.metrics as Readonly<Record<string, Json>>,
    env: run.env ? keep(Buffer.from(`${canonicalJson(redactParameters(run.env))}\n`)) : null,
    t: [begin, end],
    exit: run.exit ?? null,
    log: run.log === undefined ? null : keep(Buffer.from(redactText(run.log))),
    actor: run.actor ?? actor,
    labels: redactParameters(run.labels),
  };
  return { record, blobs };
}

function read(text: string, where: string): ExternalRun {
  let value: unknown;
  try {
    value = JSON.parse(text);
    // Numbers without end and halves of characters can be written as JSON, and have no record.
    canonicalJson(value);
  } catch (cause) {
    throw new MlgitError("usage", `${where} is no JSON: ${(cause as Error).message}`, { path: where, cause });
  }
  const parsed = externalRun.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => `${issue.path.join(".") || "run"}: ${issue.message}`);
  throw new MlgitError("usage", `${where} is no run: ${issues.join("; ")}`, {
    path: where,
    hint: "git mlgit help lineage has the fields",
  });
}

function toFile(
  one: ExternalRun["in"][number],
  { artifacts, keep, where }: { artifacts: Artifacts; keep: (bytes: Buffer) => string; where: string },
): RunFile {
  const given = typeof one === "string" ? { path: one } : one;
  const { path: name, oid: known, mode, size, role, kept } = given as Exclude<typeof one, string>;
  const words = { ...(role === undefined ? {} : { role }), ...(kept === undefined ? {} : { kept }) };
  if (known !== undefined)
    return { path: name, oid: known, mode: mode ?? "100644", ...(size === undefined ? {} : { size }), ...words };
  const found = artifacts.look(name);
  if (!found)
    throw new MlgitError("missing", `${where}: ${name} is not in the worktree`, {
      path: name,
      hint: "give its oid: sha256:<hex>",
    });
  if (found.files) keep(folderListing(found.files));
  return {
    path: name,
    oid: found.oid,
    mode: found.mode,
    ...(found.size === undefined ? {} : { size: found.size }),
    ...words,
  };
}

/** Numbers are milliseconds since 1970. */
function millisecondsOf(value: string | number | undefined): number | undefined {
  return typeof value === "string" ? Date.parse(value) : value;
}
