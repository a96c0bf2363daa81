import type { GitSettings } from "../config/git-settings.ts";
import { kinds } from "../entity/kind.ts";
import type { Origin } from "../entity/origin.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { addConfig } from "../git/git-config.ts";
import type { Command, Context, Options } from "./command.ts";
import { loadGitSettings } from "./git-settings-in.ts";
import { storeOptions } from "./import.ts";
import { findEntities, needWorktree, type Worktree } from "./kind/find-entity.ts";
import { openOrigin, originTrustKey, rememberOrigin } from "./sharing/open-origin.ts";
import { type EntityWord, parseEntityWord } from "./sharing/origin-version.ts";
import { describeData } from "./sharing/place-entity.ts";
import { type Imported, importedEntities, type Update, updateEntity } from "./sharing/update-entity.ts";
import { localFile } from "./store-names.ts";

/** Moves imported entities on to the newest version of their origin, or to a named one. */
export const command = {
  arguments: [
    { name: "[entity]", description: "name, name@version or kind/name@version; default: all that were imported" },
  ],
  options: [
    {
      flags: "--trust-origin <url>",
      description: "a repository that specs name as origin and that may be asked",
      repeat: true,
    },
    ...storeOptions,
  ],
  async run(context, [word], options) {
    const repository = needWorktree(await context.repository());
    const wanted = word === undefined ? undefined : parseEntityWord(word);
    const found = await chosen(repository, wanted);
    const git = await loadGitSettings(repository);
    const trusted = (options.trustOrigin ?? []) as readonly string[];
    // All of them first: nobody is asked before it is clear that all may be.
    for (const { origin, place } of found) assertTrusted(git, origin, { trusted, name: place.name });
    for (const url of trusted) await addConfig(localFile(context), originTrustKey, url);
    const updates: Update[] = [];
    for (const imported of found) updates.push(await update(context, { imported, version: wanted?.version }, options));
    return describe(updates);
  },
} satisfies Command;

async function chosen(repository: Worktree, wanted: EntityWord | undefined): Promise<Imported[]> {
  const places = [];
  for (const kind of wanted?.kind ? [wanted.kind] : kinds())
    places.push(...(await findEntities(repository, kind, wanted?.name)));
  const found = await importedEntities(repository, places);
  const [first, other] = found;
  if (wanted && !first)
    throw new MlgitError(
      "usage",
      places[0]
        ? `${places[0].folder} was not imported: its spec names no origin`
        : `there is no entity called ${wanted.name} here`,
      {
        hint: "git mlgit import <git-url> <entity> brings one in",
      },
    );
  if (wanted && first && other)
    throw new MlgitError("usage", `${wanted.name} is both ${first.place.folder} and ${other.place.folder}`, {
      hint: `say which: ${first.place.kind.folder}/${wanted.name}`,
    });
  return found;
}

/** @throws MlgitError kind `refused`: a file of the repository must not make us contact anybody (invariant 9). */
function assertTrusted(
  git: GitSettings,
  { url }: Origin,
  { trusted, name }: { trusted: readonly string[]; name: string },
): void {
  const known = [
    ...git.all(originTrustKey),
    ...trusted,
    ...git.names("remote", "url").flatMap((one) => git.all(`remote.${one}.url`)),
  ];
  if (known.includes(url)) return;
  throw new MlgitError(
    "refused",
    `${name} says that it comes from ${url}; only this repository's files say so, and it would be contacted with your credentials`,
    {
      hint: `if that is right: git mlgit update-import --trust-origin '${url.replaceAll("'", "'\\''")}' ${name}`,
    },
  );
}

async function update(
  context: Context,
  { imported, version }: { readonly imported: Imported; readonly version: number | undefined },
  options: Options,
): Promise<Update> {
  const origin = await openOrigin(context, imported.origin.url);
  try {
    const allowed = (options.trustStore ?? []) as readonly string[];
    const store = options.store as string | undefined;
    const done = await updateEntity({ context, origin, imported, version, store, allowed });
    await rememberOrigin(context, { recorded: imported.origin.url }, options);
    return done;
  } finally {
    await origin.close();
  }
}

function describe(updates: readonly Update[]) {
  const lines = updates.map(({ folder, from, to, data }) =>
    from === to
      ? `${folder}: ${to} is the newest`
      : `${folder}: ${from} → ${to}, staged; ${data ? describeData(data) : ""}`,
  );
  if (updates.some(({ from, to }) => from !== to)) lines.push('commit it: git commit -m "update imports"');
  return {
    text: lines.join("\n") || "nothing was imported",
    data: { updates: updates.map((one) => ({ ...one, changed: one.from !== one.to })) },
  };
}
