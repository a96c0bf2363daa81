import { counted } from "../../util/counted.ts";
import type { ListedFile, RunFile } from "../run-record.ts";
import { mediaType } from "./media-type.ts";
import {
  agentOf,
  commandText,
  type ExportGraph,
  type ExportRun,
  hexOf,
  isoTime,
  nameUuid,
  present,
  runUuid,
  textOf,
} from "./scope.ts";

/* The formats: RO-Crate 1.1, and its profile Process Run Crate 0.5. */
const profile = "https://w3id.org/ro/wfrun/process/0.5";

export interface CrateOptions {
  readonly name: string;
  readonly description: string;
  readonly license: string;
  /** Milliseconds since 1970. */
  readonly published: number;
  /** Paths and oids, as `contentKey` joins them, that are files of the crate; everything else is only described. */
  readonly payload: ReadonlySet<string>;
}

type Node = { readonly "@id": string } & Record<string, unknown>;

/** What a file of the crate is known by. */
export function contentKey({ path, oid }: Pick<RunFile, "path" | "oid">): string {
  return `${oid} ${path}`;
}

/** `ro-crate-metadata.json` of a repository: its runs as actions, what they read and made as files or, where they are no more there, as things that were. */
export function roCrate({ runs, folders, place }: ExportGraph, options: CrateOptions): object {
  const nodes = new Map<string, Node>();
  const add = (node: Node) => {
    if (!nodes.has(node["@id"])) nodes.set(node["@id"], node);
    return { "@id": node["@id"] };
  };
  const file = (one: RunFile) => add(fileNode(one, folders.get(one.oid), options.payload));
  const actions = runs.map((run) => {
    const agent = add(personNode(run.record.actor));
    const instrument = add(toolNode(run));
    const object = [...run.record.in.map(file), ...parameterNodes(run).map(add)];
    return add(actionNode(run, { agent, instrument, object, result: run.record.out.map(file) }));
  });
  const parts = [...nodes.values()].filter(({ "@type": type }) => type === "File" || type === "Dataset");
  const root: Node = {
    "@id": "./",
    "@type": "Dataset",
    name: options.name,
    description: options.description,
    datePublished: isoTime(options.published),
    license: /^https?:/.test(options.license) ? add(licenseNode(options.license)) : options.license,
    identifier: place.namespace,
    conformsTo: { "@id": profile },
    hasPart: parts.map((node) => ({ "@id": node["@id"] })),
    mentions: actions,
  };
  const head: Node[] = [
    {
      "@id": "ro-crate-metadata.json",
      "@type": "CreativeWork",
      conformsTo: { "@id": "https://w3id.org/ro/crate/1.1" },
      about: { "@id": "./" },
    },
    root,
    { "@id": profile, "@type": "CreativeWork", name: "Process Run Crate", version: "0.5" },
  ];
  const context = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"];
  return { "@context": context, "@graph": [...head, ...nodes.values()] };
}

function licenseNode(url: string): Node {
  return { "@id": url, "@type": "CreativeWork", name: url };
}

/** A path of the payload is a URI reference; what is not there any more has a name of its own. */
function fileNode(file: RunFile, inside: readonly ListedFile[] | undefined, payload: ReadonlySet<string>): Node {
  const isFolder = file.mode === "040000";
  const path = file.path.split("/").map(encodeURIComponent).join("/");
  const about = present({
    name: file.path,
    identifier: file.oid,
    contentSize: file.size === undefined ? undefined : String(file.size),
    sha256: isFolder ? undefined : hexOf(file.oid),
    encodingFormat: isFolder ? undefined : mediaType(file.path),
  });
  if (!payload.has(contentKey(file)))
    return { "@id": `#${hexOf(file.oid)}-${path}`, "@type": "CreativeWork", ...about };
  if (!isFolder) return { "@id": path, "@type": "File", ...about };
  const description = inside ? { description: counted(inside.length, "file") } : {};
  return { "@id": `${path}/`, "@type": "Dataset", ...about, ...description };
}

function personNode(actor: string): Node {
  const { uuid, name, mail } = agentOf(actor);
  return present({ "@id": `#agent-${uuid}`, "@type": "Person", name, email: mail });
}

/** The command is the tool; the same one with the same libraries is one tool for many runs. */
function toolNode({ record, environment }: ExportRun): Node {
  const command = commandText(record.cmd);
  const { probes, ...machine } = environment;
  const id = nameUuid(["mlgit tool", record.stage, command, JSON.stringify(environment)]);
  const requirements = Object.entries((probes ?? {}) as Readonly<Record<string, Record<string, unknown>>>).flatMap(
    ([probe, versions]) => Object.entries(versions).map(([name, value]) => `${probe}: ${name} ${textOf(value)}`.trim()),
  );
  const system = [machine.os, machine.arch, machine.container].filter((word) => word !== undefined).map(textOf);
  return present({
    "@id": `#tool-${id}`,
    "@type": "SoftwareApplication",
    name: record.stage,
    description: command,
    softwareVersion: record.code.commit ?? "unknown",
    operatingSystem: system.length > 0 ? system.join(", ") : undefined,
    softwareRequirements: requirements.length > 0 ? requirements : undefined,
  });
}

function parameterNodes({ id, record }: ExportRun): Node[] {
  return Object.entries(record.params).map(([name, value]) => ({
    "@id": `#param-${id.slice(0, 16)}-${encodeURIComponent(name)}`,
    "@type": "PropertyValue",
    name,
    value: textOf(value),
  }));
}

const statuses = {
  complete: "CompletedActionStatus",
  cached: "CompletedActionStatus",
  failed: "FailedActionStatus",
  cancelled: "FailedActionStatus",
} as const;

function actionNode({ id, record, log }: ExportRun, parts: Record<string, unknown>): Node {
  const metrics = Object.entries(record.metrics).map(([name, value]) => `${name} = ${textOf(value)}`);
  const failed = statuses[record.state] === "FailedActionStatus";
  return present({
    "@id": `urn:uuid:${runUuid(id)}`,
    "@type": record.out.length > 0 ? "CreateAction" : "ActivateAction",
    identifier: id,
    name: `${record.stage} (${record.kind})`,
    description: [commandText(record.cmd), ...metrics].join("\n"),
    startTime: isoTime(record.t[0]),
    endTime: isoTime(record.t[1]),
    actionStatus: { "@id": `http://schema.org/${statuses[record.state]}` },
    error: failed ? (log ?? `exit ${record.exit}`) : undefined,
    ...parts,
  });
}
