import type { RunFile } from "../run-record.ts";
import { commandText, type ExportGraph, type ExportPlace, type ExportRun, isoTime, present, runUuid } from "./scope.ts";

/* The format: https://openlineage.io/spec/2-0-2/OpenLineage.json, and the facets below /spec/facets/. */
const spec = "https://openlineage.io/spec";
const core = `${spec}/2-0-2/OpenLineage.json`;

const endings = { complete: "COMPLETE", cached: "COMPLETE", failed: "FAIL", cancelled: "ABORT" } as const;

type Facets = Record<string, unknown>;

/** Two events for each run, START and how it ended, in the order of time. */
export function openLineageEvents({ runs, place }: ExportGraph): object[] {
  const events = runs.flatMap((run) => {
    const { record } = run;
    const about = { producer: producerOf(place), schemaURL: `${core}#/$defs/RunEvent` };
    const runId = runUuid(run.id);
    const job = { namespace: place.namespace, name: record.stage, facets: jobFacets(run, place) };
    const inputs = record.in.map((file) => dataset(file, place));
    const outputs = record.out.map((file) => ({ ...dataset(file, place), outputFacets: outputFacets(file, place) }));
    const start = { eventType: "START", eventTime: isoTime(record.t[0]), run: { runId }, job, inputs, outputs: [] };
    const facets = runFacets(run, place);
    const eventType = endings[record.state];
    return [
      { ...about, ...start },
      { ...about, eventType, eventTime: isoTime(record.t[1]), run: { runId, facets }, job, inputs, outputs },
    ];
  });
  return events.sort((a, b) => (a.eventTime < b.eventTime ? -1 : a.eventTime > b.eventTime ? 1 : 0));
}

function producerOf({ version }: ExportPlace): string {
  return `urn:mlgit:${version}`;
}

/** Every facet names its schema; our own have that of all facets. */
function facet(place: ExportPlace, schema: string, body: object): object {
  const url = schema.startsWith("#") ? `${core}${schema}` : `${spec}/facets/${schema}`;
  return { _producer: producerOf(place), _schemaURL: url, ...body };
}

function runFacets({ id, record, environment, log }: ExportRun, place: ExportPlace): Facets {
  const { params, metrics, exit, key, actor, state } = record;
  const tags = Object.entries(record.labels).map(([name, value]) => ({ key: name, value, source: "MLGIT" }));
  const own = { id, params, metrics, exit, key, actor, state, command: commandText(record.cmd) };
  return present({
    processing_engine: facet(place, engineSchema, { name: "mlgit", version: place.version }),
    mlgit_run: facet(place, "#/$defs/RunFacet", own),
    mlgit_environment: facet(place, "#/$defs/RunFacet", { environment }),
    tags: tags.length === 0 ? undefined : facet(place, "1-0-0/TagsRunFacet.json#/$defs/TagsRunFacet", { tags }),
    errorMessage: state === "failed" ? facet(place, errorSchema, errorOf(record.exit, log)) : undefined,
  });
}

const engineSchema = "1-1-1/ProcessingEngineRunFacet.json#/$defs/ProcessingEngineRunFacet";
const errorSchema = "1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet";

function errorOf(exit: number | null, log: string | undefined): object {
  const message = exit === null ? "the command was ended by a signal" : `the command failed (exit ${exit})`;
  return present({ message, programmingLanguage: "shell", stackTrace: log });
}

function jobFacets({ record }: ExportRun, place: ExportPlace): Facets {
  const { commit } = record.code;
  const type = { processingType: "BATCH", integration: "MLGIT", jobType: record.kind.toUpperCase() };
  const code = { type: "git", url: place.namespace, repoUrl: place.namespace, version: commit };
  return present({
    jobType: facet(place, "2-0-4/JobTypeJobFacet.json#/$defs/JobTypeJobFacet", type),
    sourceCodeLocation: commit === null ? undefined : facet(place, locationSchema, code),
  });
}

const locationSchema = "1-1-0/SourceCodeLocationJobFacet.json#/$defs/SourceCodeLocationJobFacet";
const versionSchema = "1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet";
const statisticsSchema = "1-0-2/OutputStatisticsOutputDatasetFacet.json#/$defs/OutputStatisticsOutputDatasetFacet";

/** The path is the dataset, its content the dataset's version. */
function dataset({ path, oid, mode, role }: RunFile, place: ExportPlace) {
  return {
    namespace: place.namespace,
    name: path,
    facets: {
      version: facet(place, versionSchema, { datasetVersion: oid }),
      mlgit_file: facet(place, "#/$defs/DatasetFacet", present({ mode, role })),
    },
  };
}

function outputFacets({ size }: RunFile, place: ExportPlace): Facets {
  return size === undefined ? {} : { outputStatistics: facet(place, statisticsSchema, { size }) };
}
