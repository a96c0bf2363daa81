import { defaultParameterFile, type Output, type OutputKind, type ParameterRef, type Stage } from "./stage.ts";
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

type Body = NonNullable<Awaited<ReturnType<typeof makeSchema>>["_output"]>;

let made: ReturnType<typeof makeSchema> | undefined;

function schema(): ReturnType<typeof makeSchema> {
  made ??= makeSchema();
  return made;
}

async function makeSchema() {
  const { z } = await import("zod");
  const text = z.string().min(1);
  const path = z.string().transform((value, context) => {
    const found = stagePath(value);
    if (found !== undefined) return found;
    context.addIssue({ code: "custom", message: `${JSON.stringify(value)} is no path inside the repository` });
    return z.NEVER;
  });
  const folder = z.union([z.literal("."), z.literal(""), path]).transform((value) => (value === "." ? "" : value));
  return z.strictObject({
    cmd: z.union([text, z.array(z.string()).min(1)], "must be a line for the shell or a list of words"),
    wdir: folder.optional(),
    deps: z.array(path).optional(),
    outs: z.array(path).optional(),
    "outs-not-kept": z.array(path).optional(),
    metrics: z.array(path).optional(),
    env: z.array(path).optional(),
    params: z.array(text.transform(parseParameterRef)).optional(),
    kind: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,40}$/, "must be one word")
      .optional(),
    frozen: z.boolean().optional(),
    always: z.boolean().optional(),
  });
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
