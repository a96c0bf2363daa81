import { constants, cpSync, existsSync, lstatSync, mkdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { type Kind, kindOf, kinds } from "../entity/kind.ts";
import { mutabilities } from "../entity/mutability.ts";
import { SpecText } from "../entity/spec-text.ts";
import { onDisk } from "../error/disk-error.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { counted } from "../util/counted.ts";
import { makeFolder, syncFolder, uniqueName } from "../util/durable.ts";
import type { Command, Context, Options } from "./command.ts";
import { declareHint } from "./declared-kinds.ts";
import { addAction } from "./kind/add.ts";
import { commitAction } from "./kind/commit.ts";
import { createAction } from "./kind/create.ts";
import { editEntity } from "./kind/edit-entity.ts";
import { findEntities, needWorktree, type ReadEntity, readEntity, type Worktree } from "./kind/find-entity.ts";
import { nextVersion, versionsOf } from "./kind/versions.ts";

/** `data`: a version's files take the place of the last one's, in `data/`. `versions`: each has a folder of its number, and all stay. */
const layouts = ["data", "versions"] as const;
type Layout = (typeof layouts)[number];

/** Puts files into an entity and commits them as its next version, in one go. */
export const command = {
  arguments: [
    { name: "<kind>", description: "datasets, labels, models or a declared kind" },
    { name: "<name>", description: "of the entity; made if it is not there" },
    { name: "<paths...>", description: "files and folders that are copied" },
  ],
  options: [
    { flags: "--layout <layout>", description: "where the files go; an entity keeps its layout", choices: layouts },
    { flags: "--categories <list>", description: "of a new entity; default: the kind" },
    { flags: "--mutability <rule>", description: "of a new entity; default: strict", choices: mutabilities },
    { flags: "-m, --message <text>", description: "of the commit" },
  ],
  async run(context, [word = "", name = "", ...paths], options) {
    const kind = kindOf(word);
    if (!kind)
      throw new MlgitError(
        "usage",
        `${JSON.stringify(word)} is no kind of entity: ${kinds()
          .map(({ folder }) => folder)
          .join(", ")}`,
        {
          hint: declareHint(word) ?? "kinds are words of small letters",
        },
      );
    const repository = needWorktree(await context.repository());
    const sources = checkSources(context, paths);
    const fresh = (await findEntities(repository, kind, name)).length === 0;
    if (fresh) await create(context, { kind, name }, options);
    return register(context, { repository, kind, name, sources, fresh }, options);
  },
} satisfies Command;

interface Asset {
  readonly repository: Worktree;
  readonly kind: Kind;
  readonly name: string;
  readonly sources: readonly string[];
  /** It was made for this. */
  readonly fresh: boolean;
}

async function register(context: Context, asset: Asset, options: Options) {
  const { repository, kind, name, sources, fresh } = asset;
  const entity = await readEntity(repository, kind, name);
  const layout = layoutOf(entity, options.layout as Layout | undefined);
  const version = Math.max(nextVersion(await versionsOf(repository, kind, name)), entity.spec.version);
  const folder = join(repository.workTree, entity.place.folder, layout === "versions" ? String(version) : "data");
  const names = placeOrUndo(folder, sources, fresh ? join(repository.workTree, entity.place.folder) : undefined);
  if (layout === "versions") editEntity(repository, entity, [{ keys: [kind.name, "layout"], value: layout }]);
  await addAction(kind).run(context, [name], { bumpversion: true });
  const message = options.message ?? `register ${kind.name} ${name}, version ${version}`;
  await commitAction(kind).run(context, [name], { message, version: String(version) });
  const path = relative(repository.workTree, folder);
  return {
    text: `version ${version} of ${name} is committed: ${counted(names.length, "path")} in ${path}`,
    data: {
      kind: kind.name,
      name,
      version,
      folder: entity.place.folder,
      layout,
      files: names.map((one) => `${path}/${one}`),
    },
  };
}

function checkSources({ cwd }: Context, paths: readonly string[]): string[] {
  const sources = paths.map((path) => resolve(cwd, path));
  for (const [i, source] of sources.entries()) {
    const stat = lstatSync(source, { throwIfNoEntry: false });
    if (!stat?.isFile() && !stat?.isDirectory())
      throw new MlgitError("usage", `${JSON.stringify(paths[i])} is no file and no folder`);
  }
  const names = sources.map((source) => basename(source));
  const twice = names.find((one, i) => names.indexOf(one) !== i || one === "" || one === ".git");
  if (twice !== undefined) throw new MlgitError("usage", `${JSON.stringify(twice)} cannot be taken, or is named twice`);
  return sources;
}

async function create(context: Context, { kind, name }: Pick<Asset, "kind" | "name">, options: Options): Promise<void> {
  const { categories = kind.folder, mutability = "strict" } = options;
  await createAction(kind).run(context, [name], { categories, mutability });
}

/** What was made for files that then could not be copied goes again. */
function placeOrUndo(folder: string, sources: readonly string[], made: string | undefined): string[] {
  try {
    return place(folder, sources);
  } catch (error) {
    if (made !== undefined) rmSync(made, { recursive: true, force: true });
    throw error;
  }
}

/** @throws MlgitError kind `usage` for an entity that has the other layout. */
function layoutOf({ text, place }: ReadEntity, wanted: Layout | undefined): Layout {
  const said = new SpecText(text).value([place.kind.name, "layout"]);
  const known: Layout | undefined = said === "versions" ? "versions" : undefined;
  const isNew = new SpecText(text).value([place.kind.name, "manifest", "amount"]) === undefined;
  if (wanted === undefined || wanted === (known ?? "data") || isNew) return wanted ?? known ?? "data";
  throw new MlgitError("usage", `${place.folder} has the layout ${known ?? "data"}`, {
    path: place.spec,
    hint: "register under another name, or leave --layout away",
  });
}

/** Copies beside the place first, so that whatever appears there is whole. Nothing that is there is replaced. */
function place(folder: string, sources: readonly string[]): string[] {
  const names = sources.map((source) => basename(source));
  const there = names.find((name) => existsSync(join(folder, name)));
  if (there !== undefined)
    throw new MlgitError("conflict", `${join(folder, there)} is there already`, {
      path: join(folder, there),
      hint: "new bytes go under a new name, or change the file itself, git add and commit",
    });
  const temp = join(folder, "..", `.${uniqueName()}.tmp`);
  onDisk("write", folder, () => {
    try {
      mkdirSync(temp, { recursive: true });
      const filter = (path: string) => basename(path) !== ".git";
      for (const source of sources)
        cpSync(source, join(temp, basename(source)), { recursive: true, filter, mode: constants.COPYFILE_FICLONE });
      makeFolder(folder);
      for (const name of names) renameSync(join(temp, name), join(folder, name));
      rmdirSync(temp);
      syncFolder(folder);
    } catch (error) {
      rmSync(temp, { recursive: true, force: true });
      throw error;
    }
  });
  return names;
}
