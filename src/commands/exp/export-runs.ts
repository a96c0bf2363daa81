import { resolve } from "node:path";
import { onDisk } from "../../error/disk-error.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { parameterGrid } from "../../pipeline/parameter-grid.ts";
import { writeDurable } from "../../util/durable.ts";
import type { Context, Options } from "../command.ts";
import type { ExperimentReport } from "./experiment-report.ts";

/** Writes what submits each experiment as a job of its own. @throws MlgitError kind `usage` for values that no line of a script can hold. */
export async function exportRuns(context: Context, targets: readonly string[], options: Options) {
  const { toSlurmExperiments } = await import("../../pipeline/export/slurm.ts");
  const grid = parameterGrid((options.set as readonly string[] | undefined) ?? []);
  const experiments = grid.map((settings, i) => {
    const name =
      options.name === undefined ? [] : ["-n", grid.length > 1 ? `${options.name}-${i + 1}` : `${options.name}`];
    return [...settings.flatMap((one) => ["-S", `${one.file}:${one.name}=${one.text}`]), ...name, "--", ...targets];
  });
  const bad = experiments.flat().find((word) => /[\n\r\0]/.test(word));
  if (bad !== undefined)
    throw new MlgitError("usage", `${JSON.stringify(bad)} has more than one line`, { hint: "run it here" });
  const text = toSlurmExperiments(experiments);
  const nothing: readonly ExperimentReport[] = [];
  const data = { scheduler: "slurm", experiments: nothing, jobs: experiments };
  if (typeof options.output !== "string" || options.output === "-")
    return { text: text.replace(/\n$/, ""), data: { ...data, text } };
  const path = resolve(context.cwd, options.output);
  onDisk("write", path, () => writeDurable(path, text));
  return { text: `wrote ${options.output}`, data: { ...data, file: options.output } };
}
