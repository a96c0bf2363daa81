import { storeNamePattern } from "../../config/tree-settings.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { removeConfigSection, setConfig } from "../../git/git-config.ts";
import type { Action, CommandResult, Context, OptionSpec, Options } from "../command.ts";
import { askForPlace, askYes, wizardOf, wizardOption } from "../kind/wizard.ts";
import { loadSettings } from "../load-settings.ts";
import { command as store } from "../store.ts";
import { add as addStore } from "../store-add.ts";
import { storageTypes, storageUrl } from "./storage-url.ts";

const bucket = { name: "<bucket>", description: "the bucket's name; also the name of the store" };
const type: OptionSpec = {
  flags: "--type <type>",
  description: "what kind of place it is; default: s3h",
  choices: storageTypes,
};
const global: OptionSpec = { flags: "-g, --global", description: "in your own git configuration, for all projects" };

const add: Action = {
  name: "add",
  summary: "Name a bucket where data goes",
  arguments: [bucket],
  options: [
    type,
    { flags: "--credentials <profile>", description: "profile of your credentials; for gdriveh the rclone remote" },
    { flags: "--region <region>", description: "the bucket's region" },
    { flags: "--endpoint-url <url>", description: "the server: of S3 that is not AWS, or the host of sftph" },
    { flags: "--username <name>", description: "of sftph: who logs in" },
    { flags: "--private-key <file>", description: "of sftph: refused, ssh's own configuration names keys" },
    { flags: "--port <number>", description: "of sftph: where the server listens; default: 22" },
    global,
    wizardOption,
  ],
  run: async (context, [name = ""], options) =>
    addStorage(context, name, await askForPlace(await wizardOf(context, options), options)),
};

const del: Action = {
  name: "del",
  summary: "Forget a bucket; its data stays",
  arguments: [bucket],
  options: [type, global, wizardOption],
  async run(context, [name = ""], options) {
    const ask = await wizardOf(context, options);
    if (ask && !(await askYes(ask, `Forget the storage ${name}? Its data stays`)))
      return { text: "nothing was changed", data: { removed: null } };
    if (options.global === true) {
      await removeConfigSection({ scope: "global", cwd: context.cwd }, `mlgit.store.${name}`);
      return { text: `your git configuration names no store ${name}`, data: { removed: name, global: true } };
    }
    const remove = store.actions?.find((one) => one.name === "remove");
    return (remove ?? store).run(context, [name], {});
  },
};

export const storage: Action = {
  name: "storage",
  // ml-git's word before 2.0.
  aliases: ["store"],
  summary: "Name the buckets where data goes",
  actions: [add, del],
  async run() {
    throw new MlgitError("usage", "storage needs add or del", { hint: "git mlgit repository storage add <bucket>" });
  },
};

async function addStorage(context: Context, name: string, options: Options): Promise<CommandResult> {
  const url = storageUrl(name, options);
  const plain = name.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  if (!storeNamePattern.test(plain))
    throw new MlgitError("usage", `${JSON.stringify(name)} is no name of a bucket`, {
      hint: "letters, digits, '.' and '-'",
    });
  const sftp = url.startsWith("sftp");
  const place = {
    ...(options.credentials === undefined ? {} : { profile: options.credentials }),
    ...(options.region === undefined ? {} : { region: options.region }),
    ...(options.endpointUrl === undefined || sftp ? {} : { endpointUrl: options.endpointUrl }),
  };
  if (options.global === true) return addGlobal(context, plain, { url, ...place });
  const { settings } = await loadSettings(await context.repository());
  // Whatever is in no entity needs a place, too.
  const isFirst = settings.stores.size === 0;
  const local = /^(gdriveh|rclone):/.test(url);
  return addStore.run(context, [plain, url], { ...place, default: isFirst, local });
}

async function addGlobal(
  context: Context,
  name: string,
  place: Readonly<Record<string, unknown>>,
): Promise<CommandResult> {
  // Refuses a URL or options that make no sense; contacts nobody.
  await (await context.openBackend(place as { url: string })).close();
  for (const [key, value] of Object.entries(place))
    await setConfig({ scope: "global", cwd: context.cwd }, `mlgit.store.${name}.${key}`, String(value));
  return { text: `in all your projects, store ${name} is ${place.url}`, data: { name, ...place, global: true } };
}
