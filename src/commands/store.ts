import { assertMayStart, onlyStore } from "../config/choose-store.ts";
import { type StoreSettings, trustMark } from "../config/settings.ts";
import { treeSettingsPath } from "../config/tree-settings.ts";
import { exitCode } from "../error/exit-code.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { whileEditing } from "../git/edit-lock.ts";
import { addConfig, removeConfigSection, unsetConfig } from "../git/git-config.ts";
import type { Repository } from "../git/repository.ts";
import { hidePasswords } from "../log/redact.ts";
import type { Action, Command, CommandResult, Context } from "./command.ts";
import { loadSettings } from "./load-settings.ts";
import { add } from "./store-add.ts";
import { create } from "./store-create.ts";
import { changeTreeSettings, isToCommit } from "./store-file.ts";
import { commitHint, findStore, localFile, storeName } from "./store-names.ts";
import { sync } from "./store-sync.ts";
import { test } from "./store-test.ts";

export const list = {
  name: "list",
  summary: "List the stores that are named",
  async run(context) {
    const { settings } = await loadSettings(await context.repository());
    const stores = hidePasswords([...settings.stores.values()]);
    const isDefault = (store: StoreSettings) => store.name === (settings.defaultStore ?? onlyStore(settings)?.name);
    const lines = stores.map((store) => {
      const notes = [isDefault(store) ? "default" : "", store.source === "git" ? "git config" : treeSettingsPath];
      if (store.mirrorOf !== undefined) notes.push(`mirror of ${store.mirrorOf}${store.paused ? ", paused" : ""}`);
      if (store.startsProgram) notes.push(`not used: git config mlgit.store.${store.name}.url has to name it`);
      else if (store.risk !== undefined) notes.push(`not trusted: git mlgit store trust ${store.name}`);
      return `${store.name}\t${trustMark(store)}\t(${notes.filter((note) => note !== "").join(", ")})`;
    });
    return {
      text: lines.join("\n") || "no store is named; data follows the git remote where it can",
      data: { stores: stores.map((store) => ({ ...store, default: isDefault(store) })) },
    };
  },
} satisfies Action;

const remove: Action = {
  name: "remove",
  summary: "Forget a store; its data stays",
  arguments: [storeName],
  async run(context, [name = ""]) {
    const repository = await context.repository();
    return whileEditing(repository, () => removeStore(context, repository, name));
  },
};

async function removeStore(context: Context, repository: Repository, name: string): Promise<CommandResult> {
  const { settings, git } = await loadSettings(repository);
  const store = hidePasswords(findStore(settings.stores, name));
  const file = localFile(context);
  const inTree = settings.treeStores.includes(name);
  const isDefault = settings.defaultStore === name;
  if (inTree) await changeTreeSettings(repository, { name, ...(isDefault ? { default: null } : {}) });
  await removeConfigSection(file, `mlgit.store.${name}`);
  if (git.get("mlgit.defaultstore") === name) await unsetConfig(file, "mlgit.defaultStore");
  const left = (await loadSettings(repository)).settings.stores.get(name);
  const lines = [
    left ? `${name} is still named in another of git's configuration files` : `removed ${name}`,
    `the data at ${store.url} stays`,
    ...(inTree && (await isToCommit(repository)) ? [commitHint] : []),
  ];
  const code = left ? exitCode.incomplete : exitCode.ok;
  return { text: lines.join("\n"), data: { removed: name, url: store.url }, exitCode: code };
}

const trust: Action = {
  name: "trust",
  summary: "Allow a store that only the repository's files name",
  arguments: [storeName],
  async run(context, [name = ""]) {
    const { settings } = await loadSettings(await context.repository());
    const store = findStore(settings.stores, name);
    assertMayStart(store);
    const mark = trustMark(store);
    const shown = hidePasswords(mark);
    await addConfig(localFile(context), `mlgit.store.${name}.trusted`, mark);
    return { text: `trusted in this repository: ${name} at ${shown}`, data: { name, trusted: shown } };
  },
};

export const command = {
  actions: [add, create, list, remove, sync, test, trust],
  run: (context, args) => {
    if (args.length > 0)
      throw new MlgitError("usage", `store ${args[0]}: no such command`, { hint: "git mlgit store -h" });
    return list.run(context);
  },
} satisfies Command;
