import { cpSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type EntityPlace, entityAttributes } from "../../../entity/entity-path.ts";
import { type NewSpec, newSpecText } from "../../../entity/new-spec.ts";
import { onDisk } from "../../../error/disk-error.ts";
import { MlgitError } from "../../../error/mlgit-error.ts";
import { makeFolder, syncFolder, uniqueName } from "../../../util/durable.ts";
import type { Context, Options } from "../../command.ts";
import { download, fileNameOf, importUrl } from "./download.ts";
import { unzipAll } from "./unzip.ts";

/** Where the first data of a new entity comes from. */
export interface Source {
  /** Absolute path of a file or folder that is copied. */
  readonly path: string | undefined;
  readonly url: URL | undefined;
  readonly unzip: boolean;
}

/** @throws MlgitError kind `usage` for two sources, or one that cannot be. */
export function readSource(context: Context, options: Options): Source {
  const { import: path, importUrl: url, credentialsPath } = options;
  if (path !== undefined && url !== undefined)
    throw new MlgitError("usage", "--import and --import-url exclude each other");
  if (options.unzip === true && path === undefined && url === undefined)
    throw new MlgitError("usage", "--unzip needs --import or --import-url");
  // They were Google's: importUrl says what there is instead.
  if (credentialsPath !== undefined) importUrl("drive");
  return {
    path: importPath(context, path),
    url: url === undefined ? undefined : importUrl(String(url)),
    unzip: options.unzip === true,
  };
}

function importPath({ cwd }: Context, path: unknown): string | undefined {
  if (path === undefined) return undefined;
  const source = resolve(cwd, String(path));
  const stat = lstatSync(source, { throwIfNoEntry: false });
  if (stat?.isDirectory() || stat?.isFile()) return source;
  throw new MlgitError("usage", `--import ${JSON.stringify(path)} is no file and no folder`);
}

export interface Build {
  readonly place: EntityPlace;
  readonly spec: NewSpec;
  readonly source: Source;
}

/** Under another name first, so that a failure leaves nothing that looks like an entity. */
export async function build(context: Context, top: string, { place, spec, source }: Build): Promise<void> {
  const folder = join(top, place.folder);
  const temp = join(dirname(folder), `.${uniqueName()}.tmp`);
  const data = join(temp, "data");
  try {
    onDisk("create", place.folder, () => {
      mkdirSync(data, { recursive: true });
      writeFileSync(join(temp, `${place.name}.spec`), newSpecText(place.kind, spec), { flush: true });
      writeFileSync(join(temp, "README.md"), `# ${place.name}\n`, { flush: true });
      writeFileSync(join(temp, ".gitattributes"), entityAttributes(place.name), { flush: true });
      if (source.path !== undefined) copyInto(source.path, data);
    });
    if (source.url) await download(source.url, join(data, fileNameOf(source.url)), context);
    if (source.unzip) await unzipAll(data, context);
    onDisk("create", place.folder, () => {
      makeFolder(dirname(folder));
      renameSync(temp, folder);
      syncFolder(dirname(folder));
    });
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
