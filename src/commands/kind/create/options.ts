import { isMutability, mutabilities } from "../../../entity/mutability.ts";
import { nameProblem } from "../../../entity/name-rules.ts";
import type { NewSpec } from "../../../entity/new-spec.ts";
import { MlgitError } from "../../../error/mlgit-error.ts";
import type { Options } from "../../command.ts";

/** What the options say of the new spec. @throws MlgitError kind `usage` for what is missing or makes no sense. */
export function readSpecOptions(name: string, options: Options): NewSpec {
  const bad = nameProblem(name);
  if (bad) throw new MlgitError("usage", `the name ${JSON.stringify(name)} ${bad}`);
  const categories = String(options.categories ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
  if (categories.length === 0)
    throw new MlgitError("usage", "--categories is missing", { hint: '--categories="computer-vision, images"' });
  for (const category of categories) {
    const wrong = nameProblem(category);
    if (wrong) throw new MlgitError("usage", `the category ${JSON.stringify(category)} ${wrong}`);
  }
  const { mutability } = options;
  if (!isMutability(mutability))
    throw new MlgitError("usage", "--mutability is missing", { hint: `--mutability=${mutabilities.join("|")}` });
  // ml-git counts from 0 here, and its first commit makes 1 of that.
  const version = Number(options.version === "0" ? 1 : (options.version ?? 1));
  if (!Number.isInteger(version) || version < 1 || version > 99_999_999)
    throw new MlgitError("usage", `--version ${JSON.stringify(options.version)} is no positive integer`);
  return { name, version, categories, mutability, storage: storageOf(options) };
}

function storageOf(options: Options): string | undefined {
  if (options.bucketName === undefined) return undefined;
  const scheme = String(options.storageType ?? options.storeType ?? "s3h");
  const bucket = String(options.bucketName);
  if (/^[a-z0-9]+$/.test(scheme) && /^[^\s/]+$/.test(bucket)) return `${scheme}://${bucket}`;
  throw new MlgitError("usage", `${scheme}://${bucket} names no bucket`, {
    hint: "--storage-type=s3h --bucket-name=my-bucket",
  });
}
