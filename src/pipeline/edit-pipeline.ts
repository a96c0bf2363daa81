import { SpecText } from "../entity/spec-text.ts";
import { formatParameterRef } from "./pipeline-schema.ts";
import { isBuiltin } from "./probe-list.ts";
import type { OutputKind, Probe, Stage } from "./stage.ts";

/** The text of mlgit.yaml with a stage added or replaced. Comments and order of everything else stay. */
export async function withStage(text: string, stage: Stage): Promise<string> {
  const source = new SpecText(text);
  const body = stageBody(stage);
  const isNew = source.value(["stages", stage.name]) === undefined;
  if (isNew && source.value(["stages"]) === undefined && source.value([]) == null)
    return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${await yamlText({ stages: { [stage.name]: body } })}`;
  const end = isNew ? source.blockEnd(["stages"]) : undefined;
  if (!end) return source.rewritten(["stages", stage.name], body);
  const lines = indent(await yamlText({ [stage.name]: body }), end.indent);
  const before = text.slice(0, end.at);
  return `${before}${before.endsWith("\n") ? "" : "\n"}${lines}${text.slice(end.at)}`;
}

/** A stage as it stands in the file: what is the default is left out. */
function stageBody(stage: Stage): Record<string, unknown> {
  const paths = (kind: OutputKind) => stage.outputs.filter((output) => output.kind === kind).map(({ path }) => path);
  const body = {
    cmd: stage.cmd,
    wdir: stage.wdir,
    kind: stage.kind === "run" ? "" : stage.kind,
    deps: stage.deps,
    params: stage.params.map(formatParameterRef),
    env: stage.env,
    probes: stage.probes.map(probeBody),
    outs: paths("kept"),
    "outs-not-kept": paths("scratch"),
    metrics: paths("metrics"),
    frozen: stage.frozen || "",
    always: stage.always || "",
  };
  return Object.fromEntries(
    Object.entries(body).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : value !== "")),
  );
}

function probeBody(probe: Probe): unknown {
  return isBuiltin(probe) ? probe.name : { [probe.name]: probe.cmd };
}

async function yamlText(value: unknown): Promise<string> {
  const { Document, isSeq, visit } = await import("./yaml.ts");
  const document = new Document(value);
  // Words of a command read best in one line; so do short lists.
  visit(document, {
    Seq(_, node) {
      if (isSeq(node) && JSON.stringify(node.toJSON()).length < 80) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function indent(text: string, columns: number): string {
  return text.replace(/^(?=.)/gm, " ".repeat(columns));
}
