import type { RunFile } from "../run-record.ts";
import { libraryComponents } from "./libraries.ts";
import {
  commandText,
  type ExportGraph,
  type ExportRun,
  type ExportSubject,
  hexOf,
  isoTime,
  makersOf,
  nameUuid,
  ownOids,
  present,
  textOf,
} from "./scope.ts";

/* The format: CycloneDX 1.7 (ECMA-424), which has nothing here that 1.6 has not. */

type Component = { readonly "bom-ref": string } & Record<string, unknown>;

/**
 * The bill of materials of a model's version: its files with their hashes, the data and models it was made from, the libraries that probes found, how it scored, and
 * the runs that led to it.
 */
export function cycloneDx(subject: ExportSubject, graph: ExportGraph): object {
  const { runs, place } = graph;
  const own = ownOids(subject, graph);
  const materials = materialsOf(runs, own);
  const libraries = libraryComponents(runs.map(({ environment }) => environment));
  const model = modelComponent(subject, { makers: makersOf(subject, graph), materials, place });
  const time = Math.max(subject.time ?? 0, ...runs.map(({ record }) => record.t[1]));
  const ids = runs.map(({ id }) => id);
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.7.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.7",
    serialNumber: `urn:uuid:${nameUuid(["mlgit bom", subject.oid, subject.name, ...ids, place.version])}`,
    version: 1,
    metadata: {
      timestamp: isoTime(time),
      tools: { components: [{ type: "application", name: "mlgit", version: place.version }] },
      component: model,
    },
    components: [...materials.values(), ...libraries],
    dependencies: dependenciesOf(model, { runs, own, libraries }),
    ...(runs.length > 0 ? { formulation: [{ workflows: [workflow(runs, { own, model, subject })] }] } : {}),
  };
}

interface ModelParts {
  readonly makers: readonly ExportRun[];
  readonly materials: ReadonlyMap<string, Component>;
  readonly place: ExportGraph["place"];
}

function modelComponent(subject: ExportSubject, { makers, materials, place }: ModelParts): Component {
  const single = subject.files.length === 1 && subject.files[0]?.path === "";
  const metrics = { ...makers.at(-1)?.record.metrics, ...subject.metrics };
  const measured = Object.entries(metrics).map(([type, value]) => ({ type, value: textOf(value) }));
  const used = makers.flatMap(({ record }) => record.in).filter(({ oid, path }) => isData(path) && materials.has(oid));
  const datasets = [...new Set(used.map(({ oid }) => oid))].map((ref) => ({ ref }));
  const card = present({
    modelParameters: datasets.length > 0 ? { datasets } : undefined,
    quantitativeAnalysis: measured.length > 0 ? { performanceMetrics: measured } : undefined,
  });
  const files = single ? [] : subject.files.map(({ path, oid }) => fileComponent(`${subject.path}/${path}`, oid));
  return present({
    "bom-ref": "model",
    type: "machine-learning-model",
    name: subject.name,
    version: subject.version,
    description: subject.description,
    hashes: single ? hashes(subject.oid) : undefined,
    modelCard: Object.keys(card).length > 0 ? card : undefined,
    components: files.length > 0 ? files : undefined,
    externalReferences: [present({ type: "vcs", url: place.namespace, comment: subject.commit })],
    properties: [
      { name: "mlgit:path", value: subject.path },
      { name: "mlgit:oid", value: subject.oid },
    ],
  });
}

function fileComponent(path: string, oid: string): Component {
  return { "bom-ref": `file:${path}`, type: "file", name: path, hashes: hashes(oid) };
}

function hashes(oid: string) {
  return [{ alg: "SHA-256", content: hexOf(oid) }];
}

/** Everything that runs read or made on the way, but the model itself. */
function materialsOf(runs: readonly ExportRun[], own: ReadonlySet<string>): Map<string, Component> {
  const files = runs.flatMap(({ record }) => [...record.in, ...record.out]);
  return new Map(files.filter(({ oid }) => !own.has(oid)).map((file) => [file.oid, material(file)]));
}

function material({ path, oid, mode, role }: RunFile): Component {
  const isFolder = mode === "040000";
  const isModel = role === "model" || /^models\//.test(path);
  return present({
    "bom-ref": oid,
    type: isModel ? "machine-learning-model" : "data",
    name: path,
    version: oid,
    // The oid of a folder is that of its listing, which no tool could check against bytes.
    hashes: isFolder ? undefined : hashes(oid),
    data: isModel ? undefined : [{ type: dataType(path, role), name: path }],
  });
}

const codeEnds = /\.(?:py|ipynb|r|jl|js|mjs|ts|sh|c|cc|cpp|h|hpp|cu|rs|go|java|scala|sql)$/i;
const configurationEnds = /\.(?:ya?ml|toml|ini|cfg|conf|lock)$/i;

function dataType(path: string, role?: string): string {
  if (role === "env" || configurationEnds.test(path)) return "configuration";
  if (codeEnds.test(path)) return "source-code";
  return role === "metrics" ? "other" : "dataset";
}

function isData(path: string): boolean {
  return dataType(path) === "dataset" && !/^models\//.test(path);
}

interface DependencyParts {
  readonly runs: readonly ExportRun[];
  readonly own: ReadonlySet<string>;
  readonly libraries: readonly Component[];
}

/** What was made depends on what its run read. */
function dependenciesOf(model: Component, { runs, own, libraries }: DependencyParts): object[] {
  const made = new Map<string, Set<string>>([
    [model["bom-ref"], new Set(libraries.map((library) => library["bom-ref"]))],
  ]);
  const nameOf = (oid: string) => (own.has(oid) ? model["bom-ref"] : oid);
  for (const { record } of runs)
    for (const { oid } of record.out) {
      const name = nameOf(oid);
      const inputs = made.get(name) ?? new Set();
      for (const input of record.in) if (nameOf(input.oid) !== name) inputs.add(nameOf(input.oid));
      made.set(name, inputs);
    }
  return [...made].map(([ref, dependsOn]) => ({ ref, dependsOn: [...dependsOn] }));
}

const taskTypes: Readonly<Record<string, string>> = { train: "build", evaluate: "test", deploy: "deploy" };

interface WorkflowParts {
  readonly own: ReadonlySet<string>;
  readonly model: Component;
  readonly subject: ExportSubject;
}

function workflow(runs: readonly ExportRun[], { own, model, subject }: WorkflowParts): object {
  const ref = (oid: string) => ({ ref: own.has(oid) ? model["bom-ref"] : oid });
  const tasks = runs.map((run) => task(run, ref));
  const uid = nameUuid(["mlgit workflow", subject.oid, ...runs.map(({ id }) => id)]);
  const types = [...new Set(runs.map(({ record }) => taskTypes[record.kind] ?? "other"))];
  return { "bom-ref": `workflow:${uid}`, uid, name: `how ${subject.name} was made`, taskTypes: types, tasks };
}

function task({ id, record }: ExportRun, ref: (oid: string) => { readonly ref: string }): object {
  const parameters = Object.entries(record.params).map(([name, value]) => ({ name, value: textOf(value) }));
  const resources = [...new Set(record.in.map(({ oid }) => ref(oid).ref))].map((name) => ({ resource: { ref: name } }));
  const outputs = record.out.map(({ oid, role }) => ({
    type: role === "metrics" ? "metrics" : "artifact",
    resource: ref(oid),
  }));
  const distinct = [...new Map(outputs.map((one) => [JSON.stringify(one), one])).values()];
  return {
    "bom-ref": `run:${id}`,
    uid: id,
    name: record.stage,
    taskTypes: [taskTypes[record.kind] ?? "other"],
    steps: [{ commands: [{ executed: commandText(record.cmd) }] }],
    inputs: parameters.length > 0 ? [...resources, { parameters }] : resources,
    outputs: distinct,
    timeStart: isoTime(record.t[0]),
    timeEnd: isoTime(record.t[1]),
    properties: [
      { name: "mlgit:state", value: record.state },
      { name: "mlgit:commit", value: record.code.commit ?? "" },
      { name: "mlgit:actor", value: record.actor },
    ],
  };
}
