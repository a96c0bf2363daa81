import type { RunFile } from "../run-record.ts";
import {
  type Agent,
  agentOf,
  commandText,
  type ExportGraph,
  type ExportRun,
  hexOf,
  isoTime,
  present,
  textOf,
} from "./scope.ts";

/* The format: PROV-JSON, W3C Member Submission of 2013-04-24. */

type Relations = Record<string, Record<string, unknown>>;
type Entity = Record<string, unknown>;

/**
 * The graph of runs as PROV: contents are entities, runs activities, people agents. One entity may have several paths; a folder that was used or made as
 * a whole is a collection of those of its files that occur by themselves.
 */
export function provDocument({ runs, folders }: ExportGraph): object {
  const entities = new Map<string, Entity>();
  const relations: Relations = {};
  const relate = (kind: string, body: Record<string, unknown>) => {
    relations[kind] ??= {};
    const known = relations[kind];
    known[`_:${kind}${Object.keys(known).length + 1}`] = body;
  };
  for (const run of runs) describeRun(run, { entities, relate });
  for (const [oid, files] of folders)
    for (const hex of new Set(files.map((file) => file.oid)))
      if (entities.has(contentName(oid)) && entities.has(contentName(hex)))
        relate("hadMember", { "prov:collection": contentName(oid), "prov:entity": contentName(hex) });
  const activities = runs.map((run) => [runName(run.id), activity(run)] as const);
  const agents = runs.map(({ record }) => [agentName(record.actor), agent(agentOf(record.actor))] as const);
  return {
    prefix: {
      mlgit: "urn:mlgit:",
      content: "urn:mlgit:sha256:",
      run: "urn:mlgit:run:",
      agent: "urn:mlgit:agent:",
      param: "urn:mlgit:param:",
      metric: "urn:mlgit:metric:",
    },
    entity: Object.fromEntries(entities),
    activity: Object.fromEntries(activities),
    agent: Object.fromEntries(agents),
    ...relations,
  };
}

interface ProvParts {
  readonly entities: Map<string, Entity>;
  relate(kind: string, body: Record<string, unknown>): void;
}

function describeRun({ id, record }: ExportRun, { entities, relate }: ProvParts): void {
  const run = runName(id);
  for (const file of [...record.in, ...record.out]) addEntity(file, entities);
  const role = (file: RunFile) => present({ "prov:role": file.role, "mlgit:path": file.path });
  for (const file of record.in)
    relate("used", { "prov:activity": run, "prov:entity": contentName(file.oid), ...role(file) });
  const time = isoTime(record.t[1]);
  for (const file of record.out)
    relate("wasGeneratedBy", {
      "prov:entity": contentName(file.oid),
      "prov:activity": run,
      "prov:time": time,
      ...role(file),
    });
  relate("wasAssociatedWith", { "prov:activity": run, "prov:agent": agentName(record.actor) });
}

function addEntity({ path, oid, mode, size }: RunFile, entities: Map<string, Entity>): void {
  const known = entities.get(contentName(oid));
  const labels = [...new Set([...((known?.["prov:label"] as string[] | undefined) ?? []), path])];
  const type = mode === "040000" ? { "prov:type": { $: "prov:Collection", type: "prov:QUALIFIED_NAME" } } : {};
  entities.set(contentName(oid), present({ ...type, ...known, "prov:label": labels, "mlgit:size": size }));
}

function activity({ record }: ExportRun): Entity {
  const named = (prefix: string, values: Readonly<Record<string, unknown>>) =>
    Object.entries(values).map(([name, value]) => [`${prefix}:${localName(name)}`, literal(value)]);
  return present({
    "prov:startTime": isoTime(record.t[0]),
    "prov:endTime": isoTime(record.t[1]),
    "prov:label": record.stage,
    "mlgit:kind": record.kind,
    "mlgit:state": record.state,
    "mlgit:command": commandText(record.cmd),
    "mlgit:commit": record.code.commit ?? undefined,
    "mlgit:exit": record.exit ?? undefined,
    ...Object.fromEntries([...named("param", record.params), ...named("metric", record.metrics)]),
  });
}

function agent({ name, mail }: Agent): Entity {
  const type = { $: "prov:Person", type: "prov:QUALIFIED_NAME" };
  return present({ "prov:type": type, "prov:label": name, "mlgit:mail": mail });
}

/** Numbers and words as they are; everything else as JSON text. */
function literal(value: unknown): string | number | boolean {
  return typeof value === "number" || typeof value === "boolean" ? value : textOf(value);
}

/** What a qualified name may not hold is written as in URIs. */
function localName(name: string): string {
  return encodeURIComponent(name).replace(/['()*!~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function contentName(oid: string): string {
  return `content:${hexOf(oid)}`;
}

function runName(id: string): string {
  return `run:${id}`;
}

function agentName(actor: string): string {
  return `agent:${agentOf(actor).uuid}`;
}
