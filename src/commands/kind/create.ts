import { cpSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type EntityPlace, entityAttributes, placeOf } from "../../entity/entity-path.ts";
import type { Kind } from "../../entity/kind.ts";
import { isMutability, mutabilities } from "../../entity/mutability.ts";
import { folderProblem, nameProblem } from "../../entity/name-rules.ts";
import { type NewSpec, newSpecText } from "../../entity/new-spec.ts";
import { onDisk } from "../../error/disk-error.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { gitText } from "../../git/run.ts";
import { makeFolder, syncFolder, uniqueName } from "../../util/durable.ts";
import type { Action, Context, Options } from "../command.ts";
import { findEntities, needWorktree } from "./find-entity.ts";

export function createAction(kind: Kind) {
  return {
    name: "create",
    summary: `Make the folder, spec and attributes of a new ${kind.name}`,
    arguments: [{ name: "<name>", description: "of the entity; a part of its version tags" }],
    options: [
      { flags: "--categories <list>", description: "one or more words with commas; version tags begin with them" },
      { flags: "--mutability <rule>", description: "whether published files may change", choices: mutabilities },
      { flags: "--entity-dir <dir>", description: `folder between ${kind.folder}/ and the name` },
      { flags: "--bucket-name <name>", description: "the bucket that the spec names as its storage" },
      { flags: "--storage-type <scheme>", description: "scheme of that bucket; default: s3h" },
      { flags: "--store-type <scheme>", description: "the same as --storage-type" },
      { flags: "--version <n>", description: "number of the first version; default: 1" },
      { flags: "--import <path>", description: "a folder or file that is copied into data/" },
    ],
    async run(context, [name = ""], options) {
      const spec = readOptions(name, options);
      const dir = String(options.entityDir ?? "");
      const problem = folderProblem(dir);
      if (problem) throw new MlgitError("usage", `--entity-dir ${JSON.stringify(dir)} ${problem}`);
      const repository = needWorktree(await context.repository());
      const [known] = await findEntities(repository, kind, name);
      const place = placeOf(kind, name, dir);
      if (known || existsSync(join(repository.workTree, place.folder)))
        throw new MlgitError("conflict", `${known?.folder ?? place.folder} exists already`, {
          path: known?.folder ?? place.folder,
          hint: "choose another name, or work with the one that is there",
        });
      const source = importSource(context, options.import);
      onDisk("create", place.folder, () => build(repository.workTree, { place, spec, source }));
      await warnWithoutFilter(context);
      return {
        text: `${place.folder} is ready: put files into ${place.folder}/data, then git mlgit ${kind.folder} add ${name}`,
        data: { name, folder: place.folder, spec: place.spec, version: spec.version },
      };
    },
  } satisfies Action;
}

function readOptions(name: string, options: Options): NewSpec {
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
  const version = Number(options.version ?? 1);
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

function importSource({ cwd }: Context, path: unknown): string | undefined {
  if (path === undefined) return undefined;
  const source = resolve(cwd, String(path));
  const stat = lstatSync(source, { throwIfNoEntry: false });
  if (stat?.isDirectory() || stat?.isFile()) return source;
  throw new MlgitError("usage", `--import ${JSON.stringify(path)} is no file and no folder`);
}

interface Build {
  readonly place: EntityPlace;
  readonly spec: NewSpec;
  readonly source: string | undefined;
}

/** Under another name first, so that a failure leaves nothing that looks like an entity. */
function build(top: string, { place, spec, source }: Build): void {
  const folder = join(top, place.folder);
  makeFolder(dirname(folder));
  const temp = join(dirname(folder), `.${uniqueName()}.tmp`);
  try {
    mkdirSync(join(temp, "data"), { recursive: true });
    writeFileSync(join(temp, `${place.name}.spec`), newSpecText(place.kind, spec), { flush: true });
    writeFileSync(join(temp, "README.md"), `# ${place.name}\n`, { flush: true });
    writeFileSync(join(temp, ".gitattributes"), entityAttributes(place.name), { flush: true });
    if (source !== undefined) copyInto(source, join(temp, "data"));
    renameSync(temp, folder);
    syncFolder(dirname(folder));
  } catch (error) {
    rmSync(temp, { recursive: true, force: true });
    throw error;
  }
}

function copyInto(source: string, data: string): void {
  const target = lstatSync(source).isDirectory() ? data : join(data, source.slice(source.lastIndexOf("/") + 1));
  // A repository inside of it would hide its files from this one.
  cpSync(source, target, { recursive: true, filter: (path) => !/(^|\/)\.git$/.test(path.slice(source.length)) });
}

/** With the attributes but without the filter, git would quietly commit the bytes themselves. */
async function warnWithoutFilter(context: Context): Promise<void> {
  if ((await gitText(["config", "--get", "filter.mlgit.process"], { cwd: context.cwd })) === undefined)
    context.warn("git does not know mlgit's filter here yet, and would commit raw bytes; run: git mlgit init");
}
