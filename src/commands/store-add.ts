import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chooseHint } from "../config/choose-store.ts";
import { type Settings, startsProgram, trustMark } from "../config/settings.ts";
import { parseTreeSettings, storeNamePattern, type TreeStore, treeSettingsPath } from "../config/tree-settings.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { whileEditing } from "../git/edit-lock.ts";
import { addConfig, setConfig } from "../git/git-config.ts";
import type { Repository } from "../git/repository.ts";
import { readTreeFile } from "../git/tree-file.ts";
import type { Action, Context, Options } from "./command.ts";
import { loadSettings } from "./load-settings.ts";
import { changeTreeSettings } from "./store-file.ts";
import { commitHint, findStore, localFile, storeName } from "./store-names.ts";

export const add = {
  name: "add",
  summary: "Name a place for data",
  arguments: [
    storeName,
    { name: "<url>", description: "s3://bucket/prefix, file:///folder, … or the path of a folder" },
  ],
  options: [
    { flags: "--endpoint-url <url>", description: "the server, for S3 that is not AWS" },
    { flags: "--region <region>", description: "the bucket's region" },
    { flags: "--profile <profile>", description: "your credentials' profile; kept in git's configuration only" },
    { flags: "--account <account>", description: "the storage account, for Azure" },
    { flags: "--path-style", description: "the bucket's name goes into the path" },
    { flags: "--default", description: "use it where no other store is named" },
    {
      flags: "--mirror-of <store>",
      description: "a copy of that store: pushes go to both, and it is read when the other fails",
    },
    { flags: "--local", description: "keep it in this repository's git configuration instead of the tree" },
  ],
  async run(context, [name = "", place = ""], options) {
    if (!storeNamePattern.test(name))
      throw new MlgitError("usage", `${JSON.stringify(name)} is no name for a store`, {
        hint: "letters, digits, '.', '_' and '-'",
      });
    const profile = typeof options.profile === "string" ? { profile: options.profile } : {};
    const store = { ...placeOf(context, place, options), ...profile };
    // Refuses a URL or options that make no sense; contacts nobody.
    await (await context.openBackend(store)).close();
    if (options.local !== true) assertFitsTree(name, store);
    const repository = await context.repository();
    return whileEditing(repository, () => addStore(context, repository, { name, store, options }));
  },
} satisfies Action;

/** Clones would not use it: a file in a repository must not start a program. */
function assertFitsTree(name: string, store: TreeStore): void {
  if (!startsProgram(store)) return;
  throw new MlgitError(
    "refused",
    `${store.url} is reached through the program rclone, so ${treeSettingsPath} cannot name it`,
    { hint: `keep it in git's configuration, each for himself: git mlgit store add --local ${name} ${store.url}` },
  );
}

interface Addition {
  readonly name: string;
  readonly store: TreeStore;
  readonly options: Options;
}

async function addStore(context: Context, repository: Repository, { name, store: given, options }: Addition) {
  const { settings } = await loadSettings(repository);
  const present = settings.stores.get(name);
  if (present && present.url !== given.url)
    throw new MlgitError("conflict", `there is a store ${name} already: ${present.url}`, {
      hint: `git mlgit store remove ${name}, or choose another name`,
    });
  const local = options.local === true;
  const store = local ? given : { ...(await storeInTree(repository, name)), ...given };
  assertMirror(settings, name, store.mirrorOf);
  const { profile, ...shared } = store;
  const preset = options.default === true ? { default: name } : {};
  const { rewritten } = local
    ? { rewritten: false }
    : await changeTreeSettings(repository, { name, store: shared, ...preset });
  const own = local ? store : profile === undefined ? {} : { profile };
  const file = localFile(context);
  for (const [key, value] of Object.entries(own)) await setConfig(file, `mlgit.store.${name}.${key}`, String(value));
  if (local && options.default === true) await setConfig(file, "mlgit.defaultStore", name);
  // Whoever names a place by a command trusts it.
  if (!local) await addConfig(file, `mlgit.store.${name}.trusted`, trustMark(store));
  const lines = [
    `store ${name} is ${store.url}`,
    ...(rewritten ? [`${treeSettingsPath} was written anew; comments in it are gone`] : []),
    ...(local ? [] : [commitHint]),
    `try it: git mlgit store test ${name}`,
    ...(store.mirrorOf === undefined
      ? []
      : [`what is in the other already: git mlgit store sync ${store.mirrorOf} ${name}`]),
    ...(await defaultNote(repository)),
  ];
  return { text: lines.join("\n"), data: { name, ...store, local, rewritten } };
}

/** What the tree says of it already, so that `--default` alone does not lead the data to another endpoint. */
async function storeInTree(repository: Repository, name: string): Promise<TreeStore | undefined> {
  const text = (await readTreeFile(repository, treeSettingsPath)) ?? "";
  return (await parseTreeSettings(text)).stores?.[name];
}

/** A second store takes away the first one's being the only one. */
async function defaultNote(repository: Repository): Promise<string[]> {
  const { settings } = await loadSettings(repository);
  const [first, ...others] = [...settings.stores.values()].filter(({ mirrorOf }) => mirrorOf === undefined);
  if (settings.defaultStore !== undefined || first === undefined || others.length === 0) return [];
  return [`several stores and none is the default, so a push refuses to choose: ${chooseHint(first)}`];
}

/** A copy of a copy, or of nothing, would never be pushed to. */
function assertMirror(settings: Settings, name: string, original: string | undefined): void {
  if (original === undefined) return;
  const found = findStore(settings.stores, original);
  if (found.mirrorOf === undefined && original !== name) return;
  throw new MlgitError(
    "usage",
    `${original} cannot have ${name} as its mirror: it is ${original === name ? "the same store" : "a mirror itself"}`,
    {
      hint: "git mlgit store list",
    },
  );
}

function placeOf(context: Context, place: string, options: Options): TreeStore {
  const isUrl = /^[a-z][a-z0-9+.-]*:/i.test(place);
  return {
    url: isUrl ? place : pathToFileURL(resolve(context.cwd, place)).href,
    ...(typeof options.endpointUrl === "string" ? { endpointUrl: options.endpointUrl } : {}),
    ...(typeof options.region === "string" ? { region: options.region } : {}),
    ...(typeof options.account === "string" ? { account: options.account } : {}),
    ...(options.pathStyle === true ? { pathStyle: true } : {}),
    ...(typeof options.mirrorOf === "string" ? { mirrorOf: options.mirrorOf } : {}),
  };
}
