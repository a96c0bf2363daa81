import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { MlgitError } from "../error/mlgit-error.ts";
import { type Chart, curveCharts, metricCharts } from "../pipeline/plot-data.ts";
import { generator } from "../pipeline/plot-draw.ts";
import { stagePath } from "../pipeline/stage-path.ts";
import { counted } from "../util/counted.ts";
import type { Command, Options } from "./command.ts";
import { metricsToPlot, tablesToPlot, versionsToPlot } from "./pipeline/plot-versions.ts";
import { Session } from "./session.ts";
import { writeOutput } from "./write-output.ts";

/** Draws metrics over versions, or the curves of a file in several versions, as a page or a picture that needs no network. */
export const command = {
  arguments: [
    {
      name: "[versions...]",
      description:
        "commits, tags, experiments, or an entity for all its versions; default: the last commits, and the worktree",
    },
  ],
  options: [
    { flags: "-o, --output <file>", description: "an .html or .svg file; default: plots.html" },
    { flags: "--metric <name>", description: "only this one", repeat: true },
    { flags: "--file <path>", description: "a metrics file that no stage names", repeat: true },
    { flags: "--curves <path>", description: "draw the rows of a CSV, TSV, JSON or JSONL file" },
    {
      flags: "-x, --x <column>",
      description: "of --curves: what goes to the right; default: step, epoch or iteration",
    },
    {
      flags: "-y, --y <column>",
      description: "of --curves: what is drawn; default: every column of numbers",
      repeat: true,
    },
    { flags: "--force", description: "write over a file that is not ours" },
  ],
  async run(context, words, options) {
    const session = await Session.open(context);
    try {
      const output = resolve(context.cwd, (options.output as string | undefined) ?? "plots.html");
      if (!/\.(html|svg)$/.test(output))
        throw new MlgitError("usage", `${output} must end in .html or .svg`, { path: output });
      if (options.force !== true) assertOurs(output);
      const charts = await chartsOf(session, words, options);
      if (charts.length === 0) throw nothingToDraw(options);
      const { drawSvg, plotPage } = await import("../pipeline/plot-draw.ts");
      const svg = await drawSvg(charts);
      const text = output.endsWith(".svg") ? svg : plotPage(charts, svg, titleOf(options));
      writeOutput(context, output, text);
      return { text: `${counted(charts.length, "chart is", "charts are")} in ${output}`, data: { output, charts } };
    } finally {
      await session.close();
    }
  },
} satisfies Command;

async function chartsOf(session: Session, words: readonly string[], options: Options): Promise<Chart[]> {
  const { repository } = session;
  if (options.curves === undefined) {
    const files = list(options.file).map((word) => insideTop(word, repository.prefix));
    return metricCharts(await metricsToPlot(repository, words, files), list(options.metric));
  }
  const file = insideTop(String(options.curves), repository.prefix);
  const versions = await versionsToPlot(repository, words, [file]);
  const tables = await tablesToPlot(repository, versions, { file, cache: () => session.cache() });
  if (tables.length === 0)
    throw new MlgitError("usage", `${file} is in none of these versions`, { path: file, hint: "git log -- <path>" });
  return curveCharts(tables, { file, x: options.x as string | undefined, y: list(options.y) });
}

function list(value: unknown): readonly string[] {
  return (value as readonly string[] | undefined) ?? [];
}

function insideTop(word: string, prefix: string): string {
  const path = stagePath(prefix + word);
  if (path !== undefined && !word.startsWith("/")) return path;
  throw new MlgitError("usage", `${JSON.stringify(word)} is no path inside the repository`);
}

function titleOf(options: Options): string {
  return options.curves === undefined ? "Metrics over versions" : String(options.curves);
}

function nothingToDraw(options: Options): MlgitError {
  const hint =
    options.curves === undefined
      ? "name metrics in a stage (git mlgit run -m metrics.json …), or a file: --file metrics.json, --curves loss.csv"
      : "it needs columns of numbers";
  return new MlgitError("usage", "there is no number to draw", { hint });
}

const looked = 64 << 10;

/** A page of ours may be written anew; anything else was made by somebody. */
function assertOurs(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (stat.isFile() && readFileSync(path, "utf8").slice(0, looked).includes(`"${generator}"`)) return;
  throw new MlgitError("refused", `${path} is there and is none of our plots`, {
    path,
    hint: "choose another name: -o <file>; or write over it: --force",
  });
}
