import { counted } from "../../util/counted.ts";
import { mediaType } from "./media-type.ts";
import { type DescribedField, recordSet } from "./record-set.ts";
import {
  commandText,
  type ExportGraph,
  type ExportSubject,
  hexOf,
  isoTime,
  makersOf,
  ownOids,
  personOf,
  present,
  runUuid,
} from "./scope.ts";

/* The format: Croissant 1.1, http://mlcommons.org/croissant/1.1, with the context that its appendix 1 recommends. */

export interface CroissantOptions {
  readonly license: string;
  /** The page of the dataset. */
  readonly url: string;
  /** Where its files can be fetched from, `/`-ended; undefined: beside the description. */
  readonly base: string | undefined;
  /** The columns of files that were looked into, by their paths. */
  readonly fields: ReadonlyMap<string, readonly DescribedField[]>;
}

/** A dataset's version for catalogues: each file with its hash, and the runs it came from as provenance. */
export function croissant(subject: ExportSubject, graph: ExportGraph, options: CroissantOptions): object {
  const { name, mail } = personOf(subject.author ?? "");
  const made = makersOf(subject, graph);
  const own = ownOids(subject, graph);
  const inputs = [...new Set(made.flatMap(({ record }) => record.in.map(({ oid }) => oid)))];
  const sources = inputs.filter((oid) => !own.has(oid)).map((oid) => ({ "@id": `urn:mlgit:${oid}` }));
  const records = subject.files.flatMap(({ path }) => {
    const fields = options.fields.get(path) ?? [];
    return fields.length === 0 ? [] : [recordSet(referenceOf(path, subject), nameOf(path, subject), fields)];
  });
  const time = subject.time ?? Math.max(0, ...graph.runs.map(({ record }) => record.t[1]));
  return present({
    "@context": context,
    "@type": "sc:Dataset",
    conformsTo: "http://mlcommons.org/croissant/1.1",
    name: subject.name,
    description: subject.description ?? `${subject.name}, ${counted(subject.files.length, "file")}`,
    license: options.license,
    url: options.url,
    creator: present({ "@type": "sc:Person", name, email: mail }),
    datePublished: isoTime(time),
    version: /^\d+$/.test(subject.version ?? "") ? `${subject.version}.0.0` : undefined,
    identifier: subject.oid,
    isLiveDataset: false,
    distribution: subject.files.map((file) => fileObject(file, subject, options)),
    recordSet: records.length > 0 ? records : undefined,
    "prov:wasGeneratedBy": made.length > 0 ? made.map(activity) : undefined,
    "prov:wasDerivedFrom": sources.length > 0 ? sources : undefined,
  });
}

function fileObject(
  { path, oid, size }: ExportSubject["files"][number],
  subject: ExportSubject,
  { base }: CroissantOptions,
): object {
  const reference = referenceOf(path, subject);
  return {
    "@type": "cr:FileObject",
    "@id": reference,
    name: nameOf(path, subject),
    contentUrl: base === undefined ? reference : base + reference,
    contentSize: `${size} B`,
    encodingFormat: croissantTypes[mediaType(nameOf(path, subject))] ?? mediaType(nameOf(path, subject)),
    sha256: hexOf(oid),
  };
}

/** What its readers know under other names than IANA's. */
const croissantTypes: Readonly<Record<string, string>> = {
  "application/vnd.apache.parquet": "application/x-parquet",
  "application/x-ndjson": "application/jsonlines",
};

/** A single file is called as it is. */
function nameOf(path: string, subject: ExportSubject): string {
  return path === "" ? (subject.path.split("/").at(-1) ?? subject.name) : path;
}

function referenceOf(path: string, subject: ExportSubject): string {
  return nameOf(path, subject).split("/").map(encodeURIComponent).join("/");
}

function activity({ id, record }: ExportGraph["runs"][number]): object {
  return {
    "@type": "prov:Activity",
    "@id": `urn:uuid:${runUuid(id)}`,
    "prov:label": `${record.stage}: ${commandText(record.cmd)}`,
    "prov:startedAtTime": isoTime(record.t[0]),
    "prov:endedAtTime": isoTime(record.t[1]),
  };
}

/** Terms of the vocabulary that are called as in it. */
const terms =
  "annotation arrayShape citeAs column containedIn equivalentProperty excludes extract field fileProperty fileObject fileSet format includes isArray isLiveDataset jsonPath key md5 parentField recordSet references regex readLines sdVersion separator source subField transform unArchive value".split(
    " ",
  );

const context = {
  "@language": "en",
  "@vocab": "https://schema.org/",
  cr: "http://mlcommons.org/croissant/",
  dct: "http://purl.org/dc/terms/",
  prov: "http://www.w3.org/ns/prov#",
  rai: "http://mlcommons.org/croissant/RAI/",
  sc: "https://schema.org/",
  conformsTo: "dct:conformsTo",
  data: { "@id": "cr:data", "@type": "@json" },
  dataType: { "@id": "cr:dataType", "@type": "@vocab" },
  examples: { "@id": "cr:examples", "@type": "@json" },
  ...Object.fromEntries(terms.map((term) => [term, `cr:${term}`])),
};
