import type { Kind } from "../../entity/kind.ts";
import { kindOf } from "../../entity/kind.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { gitIn } from "../../git/repository.ts";
import { indexTree, resolveObjects } from "../../git/tags.ts";
import { counted } from "../../util/counted.ts";
import type { Action, OptionSpec, Options, Prompter } from "../command.ts";
import type { VersionTree } from "../published.ts";
import { findEntities, needWorktree, type Worktree } from "./find-entity.ts";
import { hydrateVersions, patienceOf, patienceOptions } from "./hydrate-versions.ts";
import { leftOut, type Part, restoreVersion } from "./restore-version.ts";
import { sampleOptions, sampleWish } from "./sample-options.ts";
import { findVersion, specsOf, versionsOf } from "./versions.ts";
import { askForNumber, askYes, wizardOf, wizardOption } from "./wizard.ts";

const linkOptions: Readonly<Record<string, readonly OptionSpec[]>> = {
  labels: [{ flags: "-d, --with-dataset", description: "check out the linked dataset, too" }],
  model: [
    { flags: "-d, --with-dataset", description: "check out the linked dataset, too" },
    { flags: "-l, --with-labels", description: "check out the linked labels, too" },
  ],
};

export function checkoutAction(kind: Kind) {
  return {
    name: "checkout",
    summary: "Put a version of an entity into index and worktree",
    arguments: [{ name: "<name>", description: "of the entity, for its latest version, or a version's tag" }],
    options: [
      { flags: "--version <n>", description: "another version than the latest" },
      { flags: "--force", description: "also where changes of the entity's files are lost by it" },
      { flags: "--bare", description: "no data: enough to add files and commit a next version" },
      { flags: "--full", description: "name all files whose changes would be lost" },
      ...patienceOptions,
      ...sampleOptions(kind),
      ...(linkOptions[kind.name] ?? []),
      wizardOption,
    ],
    async run(context, [word = ""], given) {
      const repository = needWorktree(await context.repository());
      const ask = await wizardOf(context, given);
      const numbered = await askForNumber(ask, word, given);
      const patience = patienceOf(numbered);
      const part = partOf(numbered);
      const version = await findVersion(repository, kind, { word, number: numberOf(numbered.version) });
      const options = ask ? await askForLinked(repository, { ask, version }, numbered) : numbered;
      const wanted = [version, ...(await linked(repository, version, options))];
      const absent = await Promise.all(wanted.map((one, i) => leftOut(repository, one, i === 0 ? part : "all")));
      const full = options.full === true;
      if (options.force !== true) for (const one of wanted) await refuseChanges(repository, one, full);
      for (const [i, one] of wanted.entries()) await restoreVersion(repository, one, absent[i] ?? []);
      const not = new Set(absent.flat().map((path) => path.toString("latin1")));
      const isWanted = ({ path }: { readonly path: Buffer }) => !not.has(path.toString("latin1"));
      const done = await hydrateVersions(context, wanted, { patience, wanted: isWanted });
      if (not.size === 0) return done;
      const text = `${done.text}\n${counted(not.size, "file is", "files are")} left out; all of them: git mlgit ${kind.folder} checkout ${version.version.tag}`;
      return { ...done, text, data: { ...done.data, leftOut: not.size } };
    },
  } satisfies Action;
}

function partOf(options: Options): Part {
  const sample = sampleWish(options);
  if (options.bare !== true) return sample ?? "all";
  if (sample === undefined) return "bare";
  throw new MlgitError("usage", "--bare takes no data, and --sample-type some: choose one");
}

function numberOf(text: unknown): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new MlgitError("usage", `--version ${JSON.stringify(text)} is no positive integer`);
}

const linkKeys = [
  ["withDataset", "dataset"],
  ["withLabels", "labels"],
] as const;

async function askForLinked(
  repository: Worktree,
  { ask, version }: { readonly ask: Prompter; readonly version: VersionTree },
  options: Options,
): Promise<Options> {
  const [own] = await specsOf(repository, [version]);
  const chosen: Record<string, unknown> = { ...options };
  for (const [option, key] of linkKeys) {
    const link = own?.spec?.links[key];
    if (!link || chosen[option] !== undefined) continue;
    chosen[option] = await askYes(ask, `Check out the linked ${key}, ${link.tag}, too?`);
  }
  return chosen;
}

/** The versions that a version's spec links to, as far as they were asked for. */
async function linked(repository: Worktree, version: VersionTree, options: Options): Promise<VersionTree[]> {
  const [own] = await specsOf(repository, [version]);
  const found: VersionTree[] = [];
  for (const [option, key] of linkKeys) {
    const kind = kindOf(key);
    if (options[option] !== true || !kind) continue;
    const link = own?.spec?.links[key];
    if (!link)
      throw new MlgitError("usage", `${version.version.tag} has no link to a ${key}`, {
        hint: `check it out without --with-${key}`,
      });
    found.push(await findVersion(repository, kind, { word: link.tag }));
  }
  return found;
}

/** @throws MlgitError kind `refused` when there are changes that no version and no commit has. */
async function refuseChanges(repository: Worktree, { place, version }: VersionTree, full: boolean): Promise<void> {
  const [here = place] = await findEntities(repository, place.kind, place.name);
  const args = ["status", "--porcelain", "-z", "--no-renames", "--", `:(top,literal)${here.folder}`];
  const { stdout } = await gitIn(repository, args);
  const lines = stdout.toString("utf8").split("\0").filter(Boolean);
  const loose = lines.filter((line) => line[1] !== " ");
  const lost =
    loose.length > 0 || !(await isKnownState(repository, here.folder, place)) ? (loose.length > 0 ? loose : lines) : [];
  if (lost.length === 0) return;
  const shown = lost.slice(0, full ? undefined : 20).map((line) => `  ${line.slice(3)}`);
  if (lost.length > shown.length) shown.push(`  … and ${lost.length - shown.length} more`);
  throw new MlgitError("refused", `changes to these files would be lost:\n${shown.join("\n")}`, {
    path: here.folder,
    hint: `commit them (git mlgit ${place.kind.folder} commit ${place.name}), or git mlgit ${place.kind.folder} checkout --force ${version.tag}`,
  });
}

/** What is staged is HEAD's, or some version's that was checked out before. */
async function isKnownState(
  repository: Worktree,
  folder: string,
  { kind, name }: VersionTree["place"],
): Promise<boolean> {
  const tree = await indexTree(repository, folder);
  const [head] = await resolveObjects(repository, [`HEAD:${folder}`]);
  if (tree === undefined || tree === head) return true;
  return (await versionsOf(repository, kind, name)).some((one) => one.tree === tree);
}
