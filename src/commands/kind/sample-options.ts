import { isData } from "../../entity/entity-path.ts";
import type { Kind } from "../../entity/kind.ts";
import { chooseSample, type SampleWish, sampleTypes } from "../../entity/sample.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import type { OptionSpec, Options } from "../command.ts";

/** Only datasets are large enough for a part to be of use, and labels of files that are not there would be of none. */
export function sampleOptions(kind: Kind): readonly OptionSpec[] {
  if (kind.name !== "dataset") return [];
  return [
    {
      flags: "--sample-type <type>",
      description: "only a part of the files: some of each group, a range, or some of all",
      choices: sampleTypes,
    },
    {
      flags: "--sampling <numbers>",
      description: "group and random: amount:of; range: start:stop[:step]. Default: 1:1000",
    },
    { flags: "--seed <number>", description: "of group and random: the same number, the same sample. Default: 1" },
  ];
}

/** @throws MlgitError kind `usage` for a seed that is no number, or numbers without a type. */
export function sampleWish({ sampleType, sampling, seed }: Options): SampleWish | undefined {
  const type = sampleTypes.find((one) => one === sampleType);
  if (type === undefined) {
    if (sampling === undefined && seed === undefined) return undefined;
    throw new MlgitError("usage", "--sampling and --seed need --sample-type", {
      hint: `--sample-type=${sampleTypes.join("|")}`,
    });
  }
  const number = Number(seed ?? 1);
  if (!Number.isInteger(number) || number < 0)
    throw new MlgitError("usage", `--seed ${JSON.stringify(seed)} is no whole number`);
  return { type, sampling: String(sampling ?? "1:1000"), seed: number };
}

interface Pathed {
  readonly path: Buffer;
}

export interface EntityFolder {
  readonly folder: string;
  readonly name: string;
}

/** The data files of an entity, in the order of their paths' bytes. `files` have paths relative to the top. */
export function dataFiles<T extends Pathed>(files: readonly T[], { folder, name }: EntityFolder): T[] {
  const prefix = Buffer.from(`${folder}/`);
  return files
    .filter(({ path }) => path.subarray(0, prefix.length).equals(prefix))
    .filter(({ path }) => isData(path.subarray(prefix.length).toString("utf8"), name))
    .sort((a, b) => Buffer.compare(a.path, b.path));
}

/** Those of an entity's data files that belong to a sample. */
export function sampleOf<T extends Pathed>(files: readonly T[], entity: EntityFolder, wish: SampleWish): T[] {
  const data = dataFiles(files, entity);
  return chooseSample(data.length, wish).flatMap((i) => data[i] ?? []);
}
