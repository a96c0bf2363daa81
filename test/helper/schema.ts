import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { projectRoot } from "./build.ts";

type Check = ((value: unknown) => boolean) & { readonly errors?: readonly object[] | null };
interface Checker {
  addSchema(schema: unknown, key?: string): unknown;
  addFormat(name: string, format: true): unknown;
  compile(schema: unknown): Check;
}

const load = createRequire(import.meta.url);
const options = { strict: false, allErrors: true };

/** What a schema of test/fixture/schema has against a value; empty when it is right. */
export function faultsOf(name: string, value: unknown): readonly object[] {
  const { default: Ajv } = load("ajv/dist/2020.js") as { default: new (options: object) => Checker };
  return faults(withFormats(new Ajv(options)), read(join(projectRoot, "test/fixture/schema", name)), value);
}

const published = process.env.MLGIT_SCHEMAS;

/** The same for a schema as it is published, where there is one: test/fixture/schema/README.md. */
export function publishedFaults(name: string, value: unknown): readonly object[] {
  if (published === undefined) return [];
  const { default: Ajv } = load("ajv/dist/2020.js") as { default: new (options: object) => Checker };
  return faults(withFormats(new Ajv(options)), read(join(published, name)), value);
}

/** What OpenLineage's published schemas have against an event: each part that names its schema is held against that one. */
export function publishedEventFaults(event: unknown): readonly object[] {
  if (published === undefined) return [];
  const { default: Ajv } = load("ajv/dist/2020.js") as { default: new (options: object) => Checker };
  const ajv = withFormats(new Ajv(options));
  for (const name of readdirSync(published).filter((one) => /^OpenLineage|Facet/.test(one)))
    ajv.addSchema(read(join(published, name)));
  const visit = (value: unknown): readonly object[] => {
    if (typeof value !== "object" || value === null) return [];
    const { schemaURL, _schemaURL: url = schemaURL } = value as Readonly<Record<string, string>>;
    const own = url === undefined ? [] : faults(ajv, { $ref: url }, value);
    return [...own, ...Object.values(value).flatMap(visit)];
  };
  return visit(event);
}

/** The same for CycloneDX's own schema of a version: `1.7`. */
export function cycloneDxFaults(version: string, value: unknown): readonly object[] {
  const { default: Ajv } = load("ajv") as { default: new (options: object) => Checker };
  const folder = join(projectRoot, "node_modules/@cyclonedx/cyclonedx-library/res/schema");
  const ajv = withFormats(new Ajv(options));
  for (const name of ["jsf-0.82", "spdx", "cryptography-defs"]) {
    const file = `${name}.SNAPSHOT.schema.json`;
    ajv.addSchema(read(join(folder, file)), `http://cyclonedx.org/schema/${file}`);
  }
  return faults(ajv, read(join(folder, `bom-${version}.SNAPSHOT.schema.json`)), value);
}

function withFormats(ajv: Checker): Checker {
  const { default: addFormats } = load("ajv-formats") as { default: (ajv: Checker) => unknown };
  addFormats(ajv);
  // International variants, which JSON schema defines and the library has not.
  for (const name of ["iri-reference", "idn-email"]) ajv.addFormat(name, true);
  return ajv;
}

function faults(ajv: Checker, schema: unknown, value: unknown): readonly object[] {
  const check = ajv.compile(schema);
  return check(value) ? [] : (check.errors ?? []);
}

function read(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}
