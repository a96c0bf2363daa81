import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
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

/** What OpenLineage's published schemas have against an event, where there are some (test/fixture/schema/README.md): each part that names its schema is held against that one. */
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

/** What Argo's published schema of a Workflow has against a value; null when nothing. */
export function argoFault(value: unknown): unknown {
  return answerOf(process.execPath, ["check-argo.mjs"], JSON.stringify(value));
}

/** What the library of RO-Crate's authors has against the crate in a folder, and terms that the published context does not define. */
export function crateFaults(folder: string): unknown {
  return answerOf(process.execPath, ["check-crate.cjs", folder], "");
}

/** Types and properties of JSON-LD by their whole names, each with how often it occurs. Undefined where the package that reads it is not installed. */
export function readJsonLd(text: string): Record<"types" | "properties", Record<string, number>> | undefined {
  const python = pythonWith("rdflib", "python3-rdflib");
  return python === undefined ? undefined : (answerOf(python, ["read-json-ld.py"], text) as never);
}

/** Debian's Python, where it has a module. @throws Error where what could be installed has to be. */
export function pythonWith(module: string, debian: string): string | undefined {
  const python = "/usr/bin/python3";
  const isThere = existsSync(python) && spawnSync(python, ["-c", `import ${module}`]).status === 0;
  if (!isThere && process.env.MLGIT_REQUIRE_PROGRAMS === "1") throw new Error(`${debian} is not installed`);
  if (!isThere) console.warn(`${debian} is not installed; what needs it is not checked`);
  return isThere ? python : undefined;
}

/** Runs a program of test/fixture/schema, which prints JSON. */
export function answerOf(program: string, [script = "", ...args]: readonly string[], input: string): unknown {
  const file = join(projectRoot, "test/fixture/schema", script);
  const { status, stdout, stderr } = spawnSync(program, [file, ...args], { input, encoding: "utf8" });
  if (status !== 0 || stderr !== "") throw new Error(`${script} failed: ${stderr}`);
  return JSON.parse(stdout);
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

/** The names that a bill of materials refers to and that are none of its parts. */
export function danglingReferences(bom: {
  readonly dependencies: readonly { readonly dependsOn: string[] }[];
}): unknown[] {
  const text = JSON.stringify(bom);
  const parts = new Set([...text.matchAll(/"bom-ref":"((?:[^"\\]|\\.)*)"/g)].map(([, name]) => name));
  const referred = [...text.matchAll(/"ref":"((?:[^"\\]|\\.)*)"/g)].map(([, name]) => name);
  const depended = bom.dependencies.flatMap(({ dependsOn }) => dependsOn);
  return [...referred, ...depended].filter((name) => !parts.has(name));
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
