import type { infer as Infer } from "../util/schema.ts";
import { builtinProbe, builtinProbes, probeNamePattern } from "./probe-list.ts";
import {
  defaultParameterFile,
  type Output,
  type OutputKind,
  type ParameterRef,
  type Probe,
  type Stage,
} from "./stage.ts";
import { stageNamePattern, stagePath } from "./stage-path.ts";

export interface SchemaFault {
  /** Below the stage. */
  readonly keys: readonly string[];
  readonly message: string;
}

/** Checks one stage of mlgit.yaml and brings its paths into their one spelling. */
export async function toStage(
  name: string,
  value: unknown,
): Promise<{ readonly stage?: Stage; readonly faults: readonly SchemaFault[] }> {
  if (!stageNamePattern.test(name))
    return { faults: [{ keys: [], message: "a name is made of letters, digits and _ . @ - (100 at most)" }] };
  const result = (await schema()).safeParse(value);
  if (result.success) return { stage: fromBody(name, result.data), faults: [] };
  const faults = result.error.issues.map(({ path, message }) => ({
    keys: path.map(String),
    message: path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`,
  }));
  return { faults };
}

/** Checks the list of probes that every stage of a file has. */
export async function toProbes(
  value: unknown,
): Promise<{ readonly probes: readonly Probe[]; readonly faults: readonly SchemaFault[] }> {
  const result = (await schema()).shape.probes.safeParse(value);
  if (result.success) return { probes: result.data ?? [], faults: [] };
  return {
    probes: [],
    faults: result.error.issues.map(({ path, message }) => ({ keys: path.map(String), message })),
  };
}

type Body = Infer<Awaited<ReturnType<typeof makeSchema>>>;

let made: ReturnType<typeof makeSchema> | undefined;

function schema(): ReturnType<typeof makeSchema> {
  made ??= makeSchema();
  return made;
}

async function makeSchema() {
  const z = await import("../util/schema.ts");
  const text = z.string().check(z.minLength(1));
  const path = z.pipe(
    z.string(),
    z.transform((value: string, context) => {
      const found = stagePath(value);
      if (found !== undefined) return found;
      const message = `${JSON.stringify(value)} is no path inside the repository`;
      context.issues.push({ code: "custom", message, input: value });
      return z.NEVER;
    }),
  );
  const words = z.array(z.string()).check(z.minLength(1));
  const command = z.union([text, words], "must be a line for the shell or a list of words");
  const isOne = z.refine((map: unknown) => Object.keys(map as object).length === 1);
  const named = z.record(z.string().check(z.regex(probeNamePattern)), command).check(isOne);
  const probe = z.pipe(
    z.union(
      [z.enum(Object.keys(builtinProbes)), named],
      `must be one of ${Object.keys(builtinProbes).join(", ")}, or "<name>: <command>"`,
    ),
    z.transform(toProbe),
  );
  const folder = z.union([
    z.pipe(
      z.enum([".", ""]),
      z.transform(() => ""),
    ),
    path,
  ]);
  const parameter = z.pipe(text, z.transform(parseParameterRef));
  const kind = z.string().check(z.regex(/^[A-Za-z0-9_-]{1,40}$/, "must be one word"));
  return z.strictObject({
    cmd: command,
    wdir: z.optional(folder),
    deps: z.optional(z.array(path)),
    outs: z.optional(z.array(path)),
    "outs-not-kept": z.optional(z.array(path)),
    metrics: z.optional(z.array(path)),
    env: z.optional(z.array(path)),
    params: z.optional(z.array(parameter)),
    kind: z.optional(kind),
    probes: z.optional(z.array(probe)),
    frozen: z.optional(z.boolean()),
    always: z.optional(z.boolean()),
  });
}

function toProbe(value: string | Readonly<Record<string, string | string[]>>): Probe {
  if (typeof value === "string") return builtinProbe(value) as Probe;
  const [name = "", cmd = ""] = Object.entries(value)[0] ?? [];
  return { name, cmd };
}

function fromBody(name: string, body: Body): Stage {
  const as = (kind: OutputKind, paths: readonly string[] = []): Output[] => paths.map((path) => ({ path, kind }));
  return {
    name,
    cmd: body.cmd,
    wdir: body.wdir ?? "",
    deps: body.deps ?? [],
    outputs: [...as("kept", body.outs), ...as("scratch", body["outs-not-kept"]), ...as("metrics", body.metrics)],
    params: body.params ?? [],
    env: body.env ?? [],
    kind: body.kind ?? "run",
    probes: body.probes ?? [],
    frozen: body.frozen ?? false,
    always: body.always ?? false,
  };
}

/** `lr`, `other.yaml:lr`, `other.yaml:` for all of it. */
export function parseParameterRef(text: string): ParameterRef {
  const colon = text.lastIndexOf(":");
  if (colon < 0) return { file: defaultParameterFile, name: text };
  return { file: stagePath(text.slice(0, colon)) ?? text.slice(0, colon), name: text.slice(colon + 1) };
}

export function formatParameterRef({ file, name }: ParameterRef): string {
  return file === defaultParameterFile && name !== "" ? name : `${file}:${name}`;
}
