import { type Kind, kindOf } from "../../entity/kind.ts";
import type { SpecEdit } from "../../entity/spec-edit.ts";
import { exitCode } from "../../error/exit-code.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { stagedChanges } from "../../git/changes.ts";
import { passThrough } from "../../git/pass-through.ts";
import { addPaths } from "../../git/stage.ts";
import type { Action, OptionSpec, Options, Prompter } from "../command.ts";
import { editEntity } from "./edit-entity.ts";
import { findEntities, findEntity, needWorktree, readEntity, type Worktree } from "./find-entity.ts";
import { fsckOption, withFsck } from "./fsck.ts";
import { needData } from "./need-data.ts";
import { currentVersion, nextVersion, versionsOf } from "./versions.ts";
import { askForVersion, wizardOf, wizardOption } from "./wizard.ts";

/** Which kinds a kind can be linked to. */
const linkable: Readonly<Record<string, readonly string[]>> = { labels: ["dataset"], model: ["dataset", "labels"] };

export function commitAction(kind: Kind) {
  const links = linkable[kind.name] ?? [];
  return {
    name: "commit",
    summary: "Commit what is staged of an entity as its next version",
    arguments: [{ name: "<name>", description: "of the entity" }],
    options: [
      {
        flags: "--version <n>",
        description: "the version's number; default: the spec's if it is new, else the next one",
      },
      { flags: "-m, --message <text>", description: "of the commit" },
      fsckOption,
      wizardOption,
      ...links.map(
        (link): OptionSpec => ({
          flags: `--${link} <name>`,
          description: `link the version of this ${link} that is checked out`,
        }),
      ),
    ],
    async run(context, [name = ""], given) {
      const repository = needWorktree(await context.repository());
      const before = await readEntity(repository, kind, name);
      const next = nextVersion(await versionsOf(repository, kind, name));
      const ask = await wizardOf(context, given);
      const numbered = await askForVersion(ask, given, next);
      const options = ask ? await askForLinks(repository, { ask, links }, numbered) : numbered;
      const version =
        options.version === undefined ? Math.max(before.spec.version, next) : numberOf(options.version, next);
      await needData(repository, kind, before);
      await addPaths(repository, [Buffer.from(before.place.spec)]);
      const linked = await linkEdits(repository, { kind, links }, options);
      if (linked.length === 0 && (await staged(repository, before.place.folder)).inside === 0)
        return { text: `nothing to commit for ${name}`, data: { committed: false }, exitCode: exitCode.incomplete };
      const edits = [...linked, { keys: [kind.name, "version"], value: version }];
      const spec = editEntity(repository, before, edits) ?? before.spec;
      await addPaths(repository, [Buffer.from(before.place.spec)]);
      const message = String(options.message ?? [...spec.categories, name].join("/"));
      // Whatever else is staged is another commit's.
      const only =
        (await staged(repository, before.place.folder)).outside > 0 ? ["--only", "--", before.place.folder] : [];
      await passThrough(repository, ["commit", "-q", "-m", message, ...only]);
      const done = { text: `version ${version} of ${name} is committed`, data: { committed: true, name, version } };
      return withFsck(done, { context, kind, options });
    },
  } satisfies Action;
}

const noLink = "none";

async function askForLinks(
  repository: Worktree,
  { ask, links }: { readonly ask: Prompter; readonly links: readonly string[] },
  options: Options,
): Promise<Options> {
  const chosen: Record<string, unknown> = { ...options };
  for (const link of links) {
    const other = kindOf(link);
    const names = other && chosen[link] === undefined ? await findEntities(repository, other) : [];
    if (names.length === 0) continue;
    const name = await ask.choose(`Link a ${link}?`, [noLink, ...names.map((one) => one.name)]);
    if (name !== noLink) chosen[link] = name;
  }
  return chosen;
}

async function staged(repository: Worktree, folder: string): Promise<{ inside: number; outside: number }> {
  const changes = await stagedChanges(repository);
  const inside = changes.filter(({ path }) => path.toString("utf8").startsWith(`${folder}/`)).length;
  return { inside, outside: changes.length - inside };
}

function numberOf(text: unknown, next: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= next && value <= 99_999_999) return value;
  throw new MlgitError("usage", `--version ${JSON.stringify(text)}: the next version is ${next} or higher`);
}

async function linkEdits(
  repository: Worktree,
  { kind, links }: { readonly kind: Kind; readonly links: readonly string[] },
  options: Options,
): Promise<SpecEdit[]> {
  const edits: SpecEdit[] = [];
  for (const link of links) {
    const name = options[link];
    const other = kindOf(link);
    if (name === undefined || !other) continue;
    const place = await findEntity(repository, other, String(name));
    const found = await currentVersion(repository, place, await versionsOf(repository, other, String(name)));
    if (!found)
      throw new MlgitError("conflict", `what is checked out of ${place.folder} is no version that could be linked`, {
        path: place.folder,
        hint: `git mlgit ${other.folder} commit ${name}, or git mlgit ${other.folder} checkout ${name}`,
      });
    edits.push({ keys: [kind.name, link], value: { tag: found.version.tag, sha: found.version.commit } });
  }
  return edits;
}
