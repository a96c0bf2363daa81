import { type EntityPlace, placeOf } from "../entity/entity-path.ts";
import { folderProblem, nameProblem } from "../entity/name-rules.ts";
import { readOrigin } from "../entity/origin.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import type { FolderEntries } from "../git/switch-tree.ts";
import { indexTree } from "../git/tags.ts";
import type { Command, Context, OptionSpec, Options } from "./command.ts";
import { findEntities, needWorktree, type Worktree } from "./kind/find-entity.ts";
import { assertNoTwin } from "./kind/no-twin.ts";
import { type Adopted, adopt } from "./sharing/adopt.ts";
import { bringData } from "./sharing/bring-data.ts";
import { type OpenOrigin, openOrigin, rememberOrigin } from "./sharing/open-origin.ts";
import { findOriginVersion, type OriginVersion, parseEntityWord } from "./sharing/origin-version.ts";
import { describeData, placeEntity } from "./sharing/place-entity.ts";
import { readImported } from "./sharing/update-entity.ts";

/** Where data of the origin may be, for `import` and `update-import` alike. */
export const storeOptions: readonly OptionSpec[] = [
  { flags: "--store <name>", description: "one of this repository's stores that has the origin's data" },
  {
    flags: "--trust-store <place>",
    description: "a place that the origin's files name and that may be used, as a refusal printed it",
    repeat: true,
  },
];

/** Brings a version of an entity of any other repository into index and worktree. */
export const command = {
  arguments: [
    { name: "<git-url>", description: "of the other repository, or a remote's name" },
    {
      name: "<entity>",
      description: "name, name@version, kind/name@version or a version's tag; default: its newest version",
    },
    { name: "[dir]", description: "folder between the kind's and the name; default: the same as there" },
  ],
  options: [
    { flags: "--as <name>", description: "what the entity is called here; default: as there" },
    ...storeOptions,
  ],
  async run(context, [url = "", word = "", dir], options) {
    const wanted = parseEntityWord(word);
    const origin = await openOrigin(context, url);
    try {
      const found = await findOriginVersion(origin, wanted);
      return await importVersion(context, { origin, found, dir }, options);
    } finally {
      await origin.close();
    }
  },
} satisfies Command;

interface Import {
  readonly origin: OpenOrigin;
  readonly found: OriginVersion;
  readonly dir: string | undefined;
}

async function importVersion(context: Context, { origin, found, dir }: Import, options: Options) {
  const { session } = origin;
  const repository = needWorktree(session.repository);
  const place = placeHere(found, dir, options.as as string | undefined);
  const [known] = await findEntities(repository, place.kind, place.name);
  const adopted = await adopt(repository, found, place, origin.recorded);
  if (known) await refuseKnown(repository, adopted, known);
  else await assertNoTwin(repository, { place, categories: found.version.categories });
  const data = await bringData({ session, context }, found.tree, {
    ...origin.place(found.config),
    store: options.store as string | undefined,
    allowed: (options.trustStore ?? []) as readonly string[],
  });
  await placeEntity(repository, adopted);
  await rememberOrigin(context, origin, options);
  const { tag, version } = found.version;
  const { folder, kind, name } = place;
  return {
    text: [
      `${tag} of ${origin.recorded} is in ${folder}, and staged; ${describeData(data)}`,
      `commit it: git commit -m "import ${name} ${version}"; later versions: git mlgit update-import ${name}`,
    ].join("\n"),
    data: { kind: kind.name, name, folder, version, tag, commit: found.commit, url: origin.recorded, ...data },
  };
}

function placeHere(found: OriginVersion, dir: string | undefined, as: string | undefined): EntityPlace {
  const { kind, name, folder } = found.place;
  const wrongName = as === undefined ? undefined : nameProblem(as);
  if (wrongName) throw new MlgitError("usage", `--as ${JSON.stringify(as)} ${wrongName}`);
  const wrongDir = dir === undefined ? undefined : folderProblem(dir);
  if (wrongDir) throw new MlgitError("usage", `the folder ${JSON.stringify(dir)} ${wrongDir}`);
  const between = dir ?? folder.slice(kind.folder.length + 1, -name.length);
  const parts = between.split("/").filter((part) => part !== "" && part !== ".");
  return placeOf(kind, as ?? name, (parts[0] === kind.folder ? parts.slice(1) : parts).join("/"));
}

/** @throws MlgitError kind `conflict`, unless it is this very import, done before or killed in the middle. */
async function refuseKnown(repository: Worktree, adopted: Adopted, known: EntityPlace): Promise<void> {
  const wanted = readOrigin(adopted.text, adopted.place.kind);
  const there = await readImported(repository, known);
  const tracked = (await indexTree(repository, known.folder)) !== undefined;
  if (known.folder === adopted.place.folder && (!tracked || sameEntries(there?.entries, adopted.entries))) return;
  const imported = there?.origin.url === wanted?.url;
  throw new MlgitError(
    "conflict",
    imported
      ? `${known.folder} was imported from there already, as ${there?.origin.tag}`
      : `${known.folder} is another ${known.kind.name} of that name`,
    {
      path: known.folder,
      hint: imported
        ? `git mlgit update-import ${known.name} moves it on`
        : "import it under another name: --as <name>",
    },
  );
}

function sameEntries(a: FolderEntries | undefined, b: FolderEntries): boolean {
  if (a?.size !== b.size) return false;
  return [...b].every(([path, { mode, blob }]) => a.get(path)?.blob === blob && a.get(path)?.mode === mode);
}
