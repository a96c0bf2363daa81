import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Kind } from "../../entity/kind.ts";
import type { SpecEdit } from "../../entity/spec-edit.ts";
import { onDisk } from "../../error/disk-error.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { command as addFiles } from "../add.ts";
import type { Action, Context, OptionSpec, Options } from "../command.ts";
import { editEntity } from "./edit-entity.ts";
import { needWorktree, readEntity } from "./find-entity.ts";
import { fsckOption, withFsck } from "./fsck.ts";
import { nextVersion, versionsOf } from "./versions.ts";
import { wizardOf, wizardOption } from "./wizard.ts";

const metricOptions: readonly OptionSpec[] = [
  {
    flags: "--metric <pairs...>",
    description: "name and number, as `--metric accuracy 0.93`; may be given several times",
  },
  { flags: "--metrics-file <csv>", description: "names in the first line, numbers in the second" },
];

export function addAction(kind: Kind) {
  return {
    name: "add",
    summary: "Stage an entity's files and spec",
    arguments: [
      { name: "<name>", description: "of the entity" },
      { name: "[files...]", description: "relative to its folder; default: everything" },
    ],
    options: [
      { flags: "--bumpversion", description: "raise the version above the last one that is tagged" },
      fsckOption,
      ...(kind.name === "model" ? [...metricOptions, wizardOption] : []),
    ],
    async run(context, [name = "", ...files], given) {
      const options = kind.name === "model" ? await askForMetrics(context, given) : given;
      const repository = needWorktree(await context.repository());
      const entity = await readEntity(repository, kind, name);
      const edits = metricEdits(kind, context, options);
      if (options.bumpversion === true) {
        const next = nextVersion(await versionsOf(repository, kind, name));
        // Bumped and not committed yet: once is enough.
        edits.push({ keys: [kind.name, "version"], value: Math.max(next, entity.spec.version) });
      }
      const version = editEntity(repository, entity, edits)?.version ?? entity.spec.version;
      const { folder, spec } = entity.place;
      const wanted = files.length === 0 ? [folder] : [spec, ...files.map((file) => `${folder}/${file}`)];
      const added = await addFiles.run(
        context,
        wanted.map((path) => `:(top,literal)${path}`),
        {},
      );
      return withFsck({ ...added, data: { ...added.data, name, version } }, { context, kind, options });
    },
  } satisfies Action;
}

async function askForMetrics(context: Context, options: Options): Promise<Options> {
  const ask = await wizardOf(context, options);
  if (!ask || options.metric !== undefined || options.metricsFile !== undefined) return options;
  const file = await ask.text("CSV file with metrics (may be empty)");
  return file === "" ? options : { ...options, metricsFile: file };
}

function metricEdits(kind: Kind, context: Context, options: Options): SpecEdit[] {
  const pairs = [...pairsOf((options.metric ?? []) as readonly string[])];
  if (options.metricsFile !== undefined) pairs.push(...readMetrics(resolve(context.cwd, String(options.metricsFile))));
  return pairs.map(([name, text]) => ({ keys: [kind.name, "metrics", name], value: numberOf(name, text) }));
}

function pairsOf(words: readonly string[]): [string, string][] {
  if (words.length % 2 !== 0)
    throw new MlgitError("usage", "--metric takes a name and a number", {
      hint: "--metric accuracy 0.93 --metric recall 0.8",
    });
  return words.flatMap((word, i) => (i % 2 === 0 ? [[word, words[i + 1] ?? ""] as [string, string]] : []));
}

function readMetrics(file: string): [string, string][] {
  const text = onDisk("read", file, () => readFileSync(file, "utf8"));
  const [names = [], values = []] = text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .map((line) => line.split(",").map((cell) => cell.trim().replace(/^"(.*)"$/, "$1")));
  if (names.length === 0 || names.length !== values.length || names.includes(""))
    throw new MlgitError("usage", `${file} holds no metrics`, {
      path: file,
      hint: "names in the first line, as many numbers in the second, with commas between",
    });
  return names.map((name, i) => [name, values[i] ?? ""]);
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new MlgitError("usage", `the metric ${JSON.stringify(name)} is ${JSON.stringify(text)}, which is no number`);
}
