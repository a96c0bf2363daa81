import { treeSettingsPath } from "../../config/tree-settings.ts";
import { type Kind, kinds } from "../../entity/kind.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { whileEditing } from "../../git/edit-lock.ts";
import { setConfig, unsetConfig } from "../../git/git-config.ts";
import { gitIn, type Repository } from "../../git/repository.ts";
import type { Action, CommandResult, Context, OptionSpec } from "../command.ts";
import { loadGitSettings } from "../git-settings-in.ts";
import { loadTreeSettings } from "../load-settings.ts";
import { changeTreeSettings, isToCommit } from "../store-file.ts";
import { commitHint } from "../store-names.ts";
import { addRemote, assertUrl } from "./registry.ts";

const global: OptionSpec = { flags: "-g, --global", description: "in your own git configuration, for all projects" };
const url = { name: "<url>", description: "of a git repository" };

const config: Action = {
  name: "config",
  summary: "Where this project itself is kept: the remote origin",
  actions: [
    {
      name: "add",
      summary: "Name the project's own repository",
      arguments: [url],
      async run(context, [wanted = ""]) {
        assertUrl(wanted);
        const repository = await context.repository();
        const present = (await loadGitSettings(repository)).get("remote.origin.url");
        if (present === undefined) await addRemote(repository, "origin", wanted);
        else if (present !== wanted) throw taken("origin", present, `git remote set-url origin ${wanted}`);
        return { text: `remote origin is ${wanted}`, data: { remote: "origin", url: wanted } };
      },
    },
  ],
  run: needsVerb("config", "add"),
};

function kindRemote(kind: Kind): Action {
  return {
    name: kind.folder,
    aliases: kind.name === kind.folder ? [] : [kind.name],
    summary: `Where versions of ${kind.folder} are published`,
    actions: [
      {
        name: "add",
        summary: "Name the repository",
        arguments: [url],
        options: [global],
        run: (context, [wanted = ""], options) => {
          assertUrl(wanted);
          return options.global === true ? addGlobal(context, kind, wanted) : add(context, kind, wanted);
        },
      },
      {
        name: "del",
        summary: "Forget the repository; what it holds stays",
        options: [global],
        run: (context, _args, options) =>
          options.global === true ? removeGlobal(context, kind) : remove(context, kind),
      },
    ],
    run: needsVerb(kind.folder, "add|del"),
  };
}

export const remote: Action = {
  name: "remote",
  summary: "Name git repositories: the project's own, and those where versions are published",
  actions: [config, ...kinds().map(kindRemote)],
  async run() {
    throw new MlgitError("usage", "which remote?", {
      hint: "git mlgit repository remote datasets|labels|models add <url>",
    });
  },
};

/** In the tree for all clones, and as a git remote for plain git. */
async function add(context: Context, kind: Kind, wanted: string): Promise<CommandResult> {
  const repository = await context.repository();
  const present = (await loadGitSettings(repository)).get(`remote.${kind.folder}.url`);
  if (present !== undefined && present !== wanted)
    throw taken(kind.folder, present, `git mlgit repository remote ${kind.folder} del`);
  const { rewritten } = await change(repository, kind, wanted);
  if (present === undefined) await addRemote(repository, kind.folder, wanted);
  const lines = [
    `versions of ${kind.folder} are published at ${wanted}: git remote ${kind.folder}`,
    ...(rewritten ? [`${treeSettingsPath} was written anew; comments in it are gone`] : []),
    commitHint,
  ];
  return { text: lines.join("\n"), data: { kind: kind.folder, remote: kind.folder, url: wanted } };
}

async function remove(context: Context, kind: Kind): Promise<CommandResult> {
  const repository = await context.repository();
  const present = (await loadGitSettings(repository)).get(`remote.${kind.folder}.url`);
  const named = (await loadTreeSettings(repository))?.registries?.[kind.folder];
  if (present === undefined && named === undefined)
    throw new MlgitError("setup", `${kind.folder} have no remote`, { hint: "git mlgit repository config show" });
  if (named !== undefined) await change(repository, kind, undefined);
  if (present !== undefined) await gitIn(repository, ["remote", "remove", "--", kind.folder]);
  const toCommit = named !== undefined && (await isToCommit(repository));
  const lines = [`removed the remote of ${kind.folder}`, ...(toCommit ? [commitHint] : [])];
  return { text: lines.join("\n"), data: { kind: kind.folder, removed: present ?? named } };
}

function change(repository: Repository, kind: Kind, wanted: string | undefined): Promise<{ rewritten: boolean }> {
  return whileEditing(repository, () =>
    changeTreeSettings(repository, { registry: { kind: kind.folder, url: wanted } }),
  );
}

async function addGlobal({ cwd }: Context, kind: Kind, wanted: string): Promise<CommandResult> {
  await setConfig({ scope: "global", cwd }, `mlgit.registry.${kind.folder}`, wanted);
  const text = `in all your projects without another one, versions of ${kind.folder} are published at ${wanted}`;
  return { text, data: { kind: kind.folder, url: wanted, global: true } };
}

async function removeGlobal({ cwd }: Context, kind: Kind): Promise<CommandResult> {
  await unsetConfig({ scope: "global", cwd }, `mlgit.registry.${kind.folder}`);
  return {
    text: `your git configuration names no remote of ${kind.folder}`,
    data: { kind: kind.folder, global: true },
  };
}

function taken(name: string, present: string, hint: string): MlgitError {
  return new MlgitError("conflict", `there is a remote ${name} already: ${present}`, { hint });
}

function needsVerb(name: string, verbs: string): Action["run"] {
  return async () => {
    throw new MlgitError("usage", `${name} needs ${verbs}`, { hint: `git mlgit repository remote ${name} add <url>` });
  };
}
