import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { parquetTable } from "../helper/parquet.ts";
import { createPipelineProject, type PipelineProject } from "../helper/pipeline-project.ts";
import { oidOf } from "../helper/pointer-of.ts";
import {
  answerOf,
  crateFaults,
  cycloneDxFaults,
  danglingReferences,
  faultsOf,
  publishedEventFaults,
  pythonWith,
  readJsonLd,
} from "../helper/schema.ts";

jest.setTimeout(240_000);

// biome-ignore lint/suspicious/noExplicitAny: the schemas check the shapes
type Document = any;

const hostile = 'raw it\'s "odd" #1?.csv';
const model = "models/churn/churn.bin";
const data = "datasets/clicks/data";

describe("git mlgit lineage export", () => {
  let project: PipelineProject;
  const exported = async (format: string, ...args: string[]) =>
    (await project.mlgit(["lineage", "export", "--format", format, ...args])).stdout;
  const document = async (format: string, ...args: string[]): Promise<Document> =>
    JSON.parse(await exported(format, ...args));
  const events = async (...args: string[]): Promise<Document[]> =>
    (await exported("openlineage", ...args))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  const refused = async (...args: string[]) =>
    (await project.mlgit(["lineage", "export", ...args], { code: 2 })).stderr;

  beforeAll(async () => {
    project = await createPipelineProject();
    await project.git("remote", "set-url", "origin", "https://me:hunter2@example.com/org/repo.git");
    for (const [kind, name] of [
      ["datasets", "clicks"],
      ["datasets", "tables"],
      ["models", "churn"],
    ] as const)
      await project.mlgit([kind, "create", name, "--categories=ads", "--mutability=mutable"]);
    project.write("datasets/clicks/README.md", "# Clicks\n\nWho clicked\nwhat.\n");
    project.write("datasets/tables/he ad.csv", "id,born on\n1,2026-01-31\n2,\n");
    project.write("datasets/tables/list.json", '[{"a": 1}, {"a": 0.5}]');
    project.write("datasets/tables/rows.ndjson", '{"b": "x"}\n');
    project.write("datasets/tables/table.parquet", parquetTable());
    project.write(hostile, "3\n1\n2\n");
    project.write("params.yaml", "lr: 0.1\nnet: {depth: 3}\n");
    project.write("libs.txt", "torch==2.0\nMy_Pkg==1.0+cu12\nodd @ git+https://u:hunter2@example.com/x\n");
    const prep = `mkdir -p ${data}; sort raw* > ${data}/clean.csv; head -1 raw* > '${data}/he ad.csv'`;
    await project.mlgit(["run", "-n", "prep", "-d", hostile, "-o", data, "--", prep]);
    const train = `echo model > ${model}; echo '{"acc": 0.9}' > metrics.json`;
    const what = ["-d", `${data}/clean.csv`, "-p", "lr,net.depth", "-o", model, "-m", "metrics.json"];
    await project.mlgit(["run", "-n", "train", "--kind", "train", "--probe", "pip=cat libs.txt", ...what, "--", train]);
    await project.commit("one");
    await project.mlgit(["run", "-n", "bad", "-d", model, "--", "echo boom; exit 3"], { code: 1 });
    await project.mlgit(["lineage", "deploy", "--env", "prod", "churn@1"]);
  });
  afterAll(() => project.box.remove());

  it("writes every run as OpenLineage events that follow the specification", async () => {
    const all = await events();
    expect(all.flatMap((event) => faultsOf("open-lineage.schema.json", event))).toEqual([]);
    expect(all.flatMap(publishedEventFaults)).toEqual([]);
    expect(all.map(({ eventType, job }) => `${job.name} ${eventType}`)).toEqual([
      "prep START",
      "prep COMPLETE",
      "train START",
      "train COMPLETE",
      "bad START",
      "bad FAIL",
      "deploy START",
      "deploy COMPLETE",
    ]);
    const [, prep, , train, , bad] = all;
    expect(prep.inputs[0]).toMatchObject({ namespace: "https://example.com/org/repo.git", name: hostile });
    expect(train.outputs[0].facets.version.datasetVersion).toBe(`sha256:${oidOf(project.read(model))}`);
    expect(train.run.facets.mlgit_run).toMatchObject({ params: { lr: 0.1, "net.depth": 3 }, metrics: { acc: 0.9 } });
    expect(train.run.facets.mlgit_environment.environment.probes.pip.torch).toBe("2.0");
    expect(bad.run.facets.errorMessage).toMatchObject({ message: "the command failed (exit 3)", stackTrace: "boom\n" });
    expect(new Set(all.map(({ run }) => run.runId)).size).toBe(4);
    expect(await events()).toEqual(all);
  });

  it("follows something to what it was made from, as deep as is asked for", async () => {
    const jobs = (list: Document[]) => [...new Set(list.map(({ job }) => job.name))];
    expect(jobs(await events(model))).toEqual(["prep", "train"]);
    expect(jobs(await events("--depth", "1", model))).toEqual(["train"]);
    const [bad] = (await project.json(["lineage", "runs", "bad"])) as Document[];
    expect(jobs(await events(bad.id))).toEqual(["prep", "train", "bad"]);
    expect(jobs(await events("--depth", "1", bad.id))).toEqual(["bad"]);
  });

  it("writes the bill of materials of a model's version, valid for CycloneDX 1.7 and 1.6", async () => {
    const bom = await document("cyclonedx", "churn@1");
    expect(cycloneDxFaults("1.7", bom)).toEqual([]);
    const older = { ...bom, $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", specVersion: "1.6" };
    expect(cycloneDxFaults("1.6", older)).toEqual([]);
    expect(cycloneDxFaults("1.7", { ...bom, version: "one" })).not.toEqual([]);
    const { component } = bom.metadata;
    expect(component).toMatchObject({ type: "machine-learning-model", name: "churn", version: "1" });
    expect(component.components).toEqual([
      {
        "bom-ref": `file:${model}`,
        type: "file",
        name: model,
        hashes: [{ alg: "SHA-256", content: oidOf(project.read(model)) }],
      },
    ]);
    expect(component.modelCard.quantitativeAnalysis.performanceMetrics).toEqual([{ type: "acc", value: "0.9" }]);
    const clean = `sha256:${oidOf(project.read(`${data}/clean.csv`))}`;
    expect(component.modelCard.modelParameters.datasets).toEqual([{ ref: clean }]);
    const names = bom.components.map(({ name }: Document) => name);
    expect(names).toEqual(expect.arrayContaining([hostile, data, `${data}/clean.csv`, "metrics.json", "torch"]));
    expect(bom.components.flatMap(({ purl }: Document) => purl ?? [])).toEqual([
      "pkg:pypi/torch@2.0",
      "pkg:pypi/my-pkg@1.0%2Bcu12",
    ]);
    const [{ tasks }] = bom.formulation[0].workflows;
    expect(tasks.map(({ name }: Document) => name)).toEqual(["prep", "train"]);
    expect(danglingReferences(bom)).toEqual([]);
  });

  it("writes the graph as PROV-JSON whose names all lead somewhere", async () => {
    const prov = await document("prov");
    expect(faultsOf("prov-json.schema.json", prov)).toEqual([]);
    expect(faultsOf("prov-json.schema.json", { ...prov, used: { "_:u": {} } })).not.toEqual([]);
    const known = new Set(["entity", "activity", "agent"].flatMap((part) => Object.keys(prov[part])));
    const relations = ["used", "wasGeneratedBy", "wasAssociatedWith", "hadMember"].flatMap((part) =>
      Object.values(prov[part] as Record<string, Record<string, string>>),
    );
    const named = relations.flatMap((one) =>
      ["entity", "activity", "agent", "collection"].flatMap((part) => one[`prov:${part}`] ?? []),
    );
    expect(named.filter((name) => !known.has(name))).toEqual([]);
    expect(Object.keys(prov.activity)).toHaveLength(4);
    // A folder that was made has one that was used alone, and the version that was deployed has four files.
    expect(Object.keys(prov.hadMember)).toHaveLength(1 + 4);
  });

  it("writes PROV-JSON that the library of PROV reads, whole", async () => {
    const python = pythonWith("prov.model", "python3-prov");
    if (!python) return;
    const input = await exported("prov");
    const { entity, ...rest } = JSON.parse(input) as Document;
    const count = (part: string) => Object.keys(rest[part]).length;
    expect(answerOf(python, ["read-prov.py"], input)).toEqual({
      Entity: Object.keys(entity).length,
      Activity: 4,
      Agent: 1,
      Usage: count("used"),
      Generation: count("wasGeneratedBy"),
      Association: 4,
      Membership: 5,
    });
  });

  it("writes an RO-Crate whose files are those of the commit and whose references all lead somewhere", async () => {
    const crate = await document("ro-crate", "--license", "https://spdx.org/licenses/MIT");
    expect(faultsOf("ro-crate.schema.json", crate)).toEqual([]);
    const graph: Document[] = crate["@graph"];
    const ids = new Set(graph.map((node) => node["@id"]));
    expect(ids.size).toBe(graph.length);
    const references = graph
      .flatMap((node) => Object.values(node).flat())
      .flatMap((value: Document) => value?.["@id"] ?? []);
    const outside = references.filter((id) => !ids.has(id));
    expect(outside.every((id) => /^https?:\/\/(schema\.org|w3id\.org)\//.test(id))).toBe(true);
    const files = graph.filter((node) => node["@type"] === "File").map((node) => decodeURIComponent(node["@id"]));
    expect(files).toEqual(expect.arrayContaining([hostile, `${data}/clean.csv`, model, "metrics.json"]));
    for (const file of files) expect(existsSync(`${project.work}/${file}`)).toBe(true);
    project.write("ro-crate-metadata.json", JSON.stringify(crate));
    expect(crateFaults(project.work)).toEqual({ faults: [], unknown: [] });
    const failed = graph.find((node) => node.actionStatus?.["@id"] === "http://schema.org/FailedActionStatus");
    expect(failed).toMatchObject({ "@type": "ActivateAction", error: "boom\n" });
    // What is somewhere else by now is described and no file of the crate.
    project.write(hostile, "9\n");
    await project.commit("two");
    const later: Document[] = (await document("ro-crate"))["@graph"];
    expect(later.filter((node) => node.name === hostile).map((node) => node["@type"])).toEqual(["CreativeWork"]);
  });

  it("writes a dataset's version as Croissant", async () => {
    const args = ["--license", "https://spdx.org/licenses/CC-BY-4.0", "--base-url", "https://data.example.com/clicks"];
    const croissant = await document("croissant", ...args, "clicks@1");
    expect(faultsOf("croissant.schema.json", croissant)).toEqual([]);
    expect(croissant).toMatchObject({ name: "clicks", version: "1.0.0", description: "Who clicked what." });
    expect(croissant.creator).toMatchObject({ name: "A U Thor", email: "author@example.com" });
    expect(croissant.distribution.map((file: Document) => file.contentUrl)).toEqual([
      "https://data.example.com/clicks/data/clean.csv",
      "https://data.example.com/clicks/data/he%20ad.csv",
    ]);
    expect(croissant.distribution[0].sha256).toBe(oidOf(project.read(`${data}/clean.csv`)));
    expect(croissant["prov:wasGeneratedBy"][0]["prov:label"]).toMatch(/^prep: /);
    expect(croissant.recordSet).toBeUndefined();
    // A folder of a commit and one of the worktree, which nobody has called a version.
    for (const what of [`HEAD:${data}`, data]) {
      const folder = await document("croissant", "--license", "MIT", what);
      expect(faultsOf("croissant.schema.json", folder)).toEqual([]);
      expect(folder.distribution).toHaveLength(2);
    }
  });

  it("describes the columns of a dataset's tables as Croissant's record sets", async () => {
    const text = await exported("croissant", "--license", "MIT", "tables@1");
    const croissant = JSON.parse(text) as Document;
    expect(faultsOf("croissant.schema.json", croissant)).toEqual([]);
    const files = new Map(croissant.distribution.map((file: Document) => [file["@id"], file.encodingFormat]));
    const columns = croissant.recordSet.map((set: Document) => [
      set.name,
      files.get(set.field[0].source.fileObject["@id"]),
      ...set.field.map(({ name, dataType, isArray }: Document) => `${name} ${dataType}${isArray ? "[]" : ""}`),
    ]);
    expect(columns).toEqual([
      ["he ad.csv", "text/csv", "id sc:Integer", "born on sc:Date"],
      ["list.json", "application/json", "a sc:Float"],
      ["rows.ndjson", "application/jsonlines", "b sc:Text"],
      ["table.parquet", "application/x-parquet", "id sc:Integer", "name sc:Text", "emb sc:Float[]"],
    ]);
    expect(croissant.recordSet[0].field[1].source.extract).toEqual({ column: "born on" });
    // What was read is JSON-LD: every name leads into one of the vocabularies.
    const { types = {}, properties = {} } = readJsonLd(text) ?? {};
    expect(types["http://mlcommons.org/croissant/Field"]).toBe(7);
    expect(properties["http://mlcommons.org/croissant/dataType"]).toBe(7);
    const known =
      /^(https:\/\/schema\.org\/|http:\/\/mlcommons\.org\/croissant\/|http:\/\/purl\.org\/dc\/terms\/|http:\/\/www\.w3\.org\/ns\/prov#)\w+$/;
    expect([...Object.keys(types), ...Object.keys(properties)].filter((name) => !known.test(name))).toEqual([]);
  });

  it("keeps credentials out, writes files whole, and says what is missing", async () => {
    for (const format of ["openlineage", "prov", "ro-crate"]) expect(await exported(format)).not.toContain("hunter2");
    await project.mlgit(["lineage", "export", "--format", "cyclonedx", "-o", "bom.json", model]);
    expect(JSON.parse(readFileSync(`${project.work}/bom.json`, "utf8")).bomFormat).toBe("CycloneDX");
    expect(await exported("openlineage", "--namespace", "urn:ours", model)).toContain('"namespace":"urn:ours"');
    expect(await refused()).toContain("--format openlineage|");
    expect(await refused("--format", "xml")).toContain("xml");
    expect(await refused("--format", "cyclonedx")).toContain("churn@3");
    expect(await refused("--format", "cyclonedx", "churn@7")).toContain("churn@7");
    expect(await refused("--format", "croissant", "clicks@1")).toContain("--license");
    expect(await refused("--format", "croissant", "--license", "x", "--base-url", "x", "clicks@1")).toContain("no URL");
    expect(await refused("--format", "prov", "nothing")).toContain("nothing");
  });
});
