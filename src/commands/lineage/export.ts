import { MlgitError } from "../../error/mlgit-error.ts";
import { verifyCommit } from "../../git/changes.ts";
import type { ExportGraph } from "../../lineage/export/scope.ts";
import { counted } from "../../util/counted.ts";
import type { Action, CommandResult, Context, Options } from "../command.ts";
import { Session } from "../session.ts";
import { writeOutput } from "../write-output.ts";
import { countOption } from "./count-option.ts";
import { stillIn } from "./in-tree.ts";
import { type Lineage, openLineage } from "./open-lineage.ts";

interface Request {
  readonly context: Context;
  readonly what: string | undefined;
  readonly options: Options;
  readonly session: Session;
  readonly lineage: Lineage;
}

type Format = "openlineage" | "cyclonedx" | "prov" | "ro-crate" | "croissant";

const formats: Readonly<Record<Format, (request: Request) => Promise<unknown>>> = {
  openlineage: ofGraph(async () => (await import("../../lineage/export/open-lineage.ts")).openLineageEvents),
  prov: ofGraph(async () => (await import("../../lineage/export/prov.ts")).provDocument),
  "ro-crate": toCrate,
  async cyclonedx(request) {
    const { cycloneDx } = await import("../../lineage/export/cyclone-dx.ts");
    return cycloneDx(...(await subjectOf(request, "a model's version: churn@3")));
  },
  async croissant(request) {
    const { croissant } = await import("../../lineage/export/croissant.ts");
    const { describeFiles } = await import("./describe-files.ts");
    const license = licenseOf(request.options);
    const base = baseUrl(request.options);
    const [subject, graph] = await subjectOf(request, "a dataset's version: clicks@3");
    const url = base ?? graph.place.namespace;
    const fields = await describeFiles(subject, request.session, request.context);
    return croissant(subject, graph, { license, url, base, fields });
  },
};

/** A format that needs nothing but runs. */
function ofGraph(load: () => Promise<(graph: ExportGraph) => unknown>) {
  return async (request: Request) => (await load())(await graphOf(request));
}

export const exportAction: Action = {
  name: "export",
  summary: "Write runs, a model or a dataset in a format that others read",
  arguments: [{ name: "[what]", description: "as above; of openlineage, prov and ro-crate by default every run" }],
  options: [
    { flags: "--format <name>", description: "needed", choices: Object.keys(formats) },
    { flags: "-o, --output <file>", description: "write it there; default: stdout" },
    { flags: "--depth <runs>", description: "so many runs deep; default: all" },
    { flags: "--license <url>", description: "under which data may be used; needed for croissant" },
    { flags: "--base-url <url>", description: "of croissant: where the dataset's files can be fetched" },
    { flags: "--namespace <uri>", description: "of the repository; default: its remote's URL" },
  ],
  async run(context, [what], options) {
    const format = Object.keys(formats).find((one) => one === options.format) as Format | undefined;
    if (!format) throw new MlgitError("usage", "which format?", { hint: `--format ${Object.keys(formats).join("|")}` });
    const session = await Session.open(context);
    try {
      const lineage = await openLineage(context);
      const document = await formats[format]({ context, what, options, session, lineage });
      return give(textOf(document), document, { context, options });
    } finally {
      await session.close();
    }
  },
};

/** Lists of events are lines, documents are whole. */
function textOf(document: unknown): string {
  if (Array.isArray(document)) return document.map((one) => JSON.stringify(one)).join("\n");
  return JSON.stringify(document, undefined, 2);
}

function give(
  text: string,
  document: unknown,
  { context, options }: { readonly context: Context; readonly options: Options },
): CommandResult {
  if (typeof options.output !== "string" || options.output === "-") return { text, data: document };
  writeOutput(context, options.output, text === "" ? "" : `${text}\n`);
  return { text: `wrote ${options.output}`, data: { file: options.output } };
}

async function graphOf({ what, options, session, lineage }: Request) {
  const { chooseRuns, placeOf, toGraph } = await import("./export-graph.ts");
  const runs = await chooseRuns(what, lineage, countOption("--depth", options.depth));
  return toGraph(runs, lineage.repository, await placeOf(session, options.namespace));
}

async function subjectOf({ what, options, session, lineage }: Request, hint: string) {
  if (what === undefined) throw new MlgitError("usage", "of what?", { hint });
  const { placeOf, runsBehind, toGraph } = await import("./export-graph.ts");
  const { findExportSubject } = await import("./export-subject.ts");
  const subject = await findExportSubject(what, lineage.repository);
  const files = subject.files.map(({ path, oid }) => ({
    oid,
    path: path === "" ? subject.path : `${subject.path}/${path}`,
  }));
  const roots = [...files, ...(files.length === 1 ? [] : [{ oid: subject.oid, path: subject.path }])];
  const runs = await runsBehind(roots, lineage, countOption("--depth", options.depth));
  return [subject, await toGraph(runs, lineage.repository, await placeOf(session, options.namespace))] as const;
}

async function toCrate(request: Request) {
  const { contentKey, roCrate } = await import("../../lineage/export/ro-crate.ts");
  const graph = await graphOf(request);
  const { repository } = request.lineage;
  const files = graph.runs.flatMap(({ record }) => [...record.in, ...record.out]);
  const distinct = [...new Map(files.map((file) => [contentKey(file), file])).values()];
  const head = await verifyCommit(repository, "HEAD");
  const there = head === undefined ? [] : await stillIn(head, distinct, repository);
  const name = request.what ?? graph.place.namespace;
  return roCrate(graph, {
    name,
    description: `How ${name} was made: ${counted(graph.runs.length, "run")}, recorded by mlgit`,
    license: typeof request.options.license === "string" ? request.options.license : "not stated",
    published: Math.max(0, ...graph.runs.map(({ record }) => record.t[1])),
    payload: new Set(there.map(({ oid, path }) => contentKey({ oid, path: path ?? "" }))),
  });
}

function licenseOf({ license }: Options): string {
  if (typeof license === "string" && license.trim() !== "") return license;
  throw new MlgitError("usage", "croissant needs the license of the dataset", {
    hint: "--license https://spdx.org/licenses/CC-BY-4.0.html",
  });
}

function baseUrl({ baseUrl: given }: Options): string | undefined {
  if (given === undefined) return undefined;
  if (!URL.canParse(String(given))) throw new MlgitError("usage", `--base-url ${given} is no URL`);
  return String(given).replace(/\/*$/, "/");
}
