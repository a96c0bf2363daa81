import { stringify } from "yaml";
import { GitSettings } from "../../config/git-settings.ts";
import { readSettings, type StoreSettings } from "../../config/settings.ts";
import { treeSettingsPath } from "../../config/tree-settings.ts";
import { kinds } from "../../entity/kind.ts";
import { exitCode } from "../../error/exit-code.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { setConfig } from "../../git/git-config.ts";
import { passThrough } from "../../git/pass-through.ts";
import { gitIn } from "../../git/repository.ts";
import { runGit } from "../../git/run.ts";
import type { Action, CommandResult, Context, Options } from "../command.ts";
import { gitSettingsIn } from "../git-settings-in.ts";
import { needWorktree } from "../kind/find-entity.ts";
import { loadTreeSettings } from "../load-settings.ts";

const show: Action = {
  name: "show",
  summary: "Print remotes and storages",
  options: [
    { flags: "-l, --local", description: `what ${treeSettingsPath} and this repository's git configuration say` },
    { flags: "-g, --global", description: "what your own git configuration says" },
  ],
  async run(context, _args, options) {
    if (options.local === true && options.global === true)
      throw new MlgitError("usage", "--local and --global exclude each other");
    const data = await effective(context, options);
    return { text: `config:\n${stringify(data, { lineWidth: 0 })}`, data };
  },
};

const push: Action = {
  name: "push",
  summary: `Commit ${treeSettingsPath}, and push the branch to origin`,
  options: [{ flags: "-m, --message <text>", description: 'of the commit; default: "Updating config file"' }],
  run: pushConfig,
};

export const config: Action = {
  name: "config",
  summary: "Show remotes and storages, and share them",
  options: [
    {
      flags: "--set-wizard <state>",
      description: "whether commands ask on the terminal for what is missing",
      choices: ["enabled", "disabled"],
    },
  ],
  actions: [show, push],
  async run(context, _args, options) {
    if (options.setWizard === undefined)
      throw new MlgitError("usage", "config needs show, push or --set-wizard", {
        hint: "git mlgit repository config show",
      });
    const enabled = options.setWizard === "enabled";
    await setConfig({ scope: "global", cwd: context.cwd }, "mlgit.wizard", String(enabled));
    return { text: `wizard ${options.setWizard}, for you in all projects`, data: { wizard: enabled } };
  },
};

async function effective(context: Context, options: Options): Promise<Record<string, unknown>> {
  const only = options.local === true ? ["--local"] : options.global === true ? ["--global"] : [];
  const git = only.length === 0 ? await gitSettingsIn(context.cwd) : await listOf(context, only);
  const tree = options.global === true ? undefined : await loadTreeSettings(await context.repository());
  const settings = readSettings(git, tree);
  const registries = kinds().map(({ folder }) => {
    const url = git.get(`remote.${folder}.url`) ?? git.get(`mlgit.registry.${folder}`) ?? tree?.registries?.[folder];
    return [folder, { git: url ?? "" }];
  });
  const origin = git.get("remote.origin.url");
  return {
    ...(origin === undefined ? {} : { config: { git: origin } }),
    ...Object.fromEntries(registries),
    storages: Object.fromEntries([...settings.stores.values()].map((store) => [store.name, describe(store)])),
    ...(settings.defaultStore === undefined ? {} : { "default-storage": settings.defaultStore }),
    wizard: git.flag("mlgit.wizard") === true ? "enabled" : "disabled",
  };
}

async function listOf({ cwd }: Context, which: readonly string[]): Promise<GitSettings> {
  const { code, stdout } = await runGit(["config", "-z", ...which, "--list"], { cwd, okCodes: [0, 1, 128] });
  return new GitSettings(code === 0 ? stdout.toString("utf8") : "");
}

function describe(store: StoreSettings): Record<string, unknown> {
  const { url, region, endpointUrl, profile, mirrorOf } = store;
  return {
    url,
    ...(profile === undefined ? {} : { "aws-credentials": { profile } }),
    ...(endpointUrl === undefined ? {} : { "endpoint-url": endpointUrl }),
    ...(region === undefined ? {} : { region }),
    ...(mirrorOf === undefined ? {} : { "mirror-of": mirrorOf }),
  };
}

async function pushConfig(context: Context, _args: readonly string[], options: Options): Promise<CommandResult> {
  const repository = needWorktree(await context.repository());
  const file = `:(top,literal)${treeSettingsPath}`;
  if ((await loadTreeSettings(repository)) === undefined)
    throw new MlgitError("setup", `there is no ${treeSettingsPath} yet`, {
      hint: "git mlgit repository storage add <bucket>, or git mlgit repository remote datasets add <url>",
    });
  if ((await gitSettingsIn(context.cwd)).get("remote.origin.url") === undefined)
    throw new MlgitError("setup", "there is no remote origin to push to", {
      hint: "git mlgit repository remote config add <url>",
    });
  await gitIn(repository, ["add", "--", file]);
  const { stdout } = await gitIn(repository, ["status", "--porcelain", "--", file]);
  const committed = stdout.length > 0;
  const message = String(options.message ?? "Updating config file");
  if (committed) await passThrough(repository, ["commit", "-q", "-m", message, "--only", "--", file]);
  await passThrough(repository, ["push", "-u", "origin", "HEAD"]);
  return {
    text: committed
      ? `${treeSettingsPath} is committed and pushed to origin`
      : "pushed; the settings were committed already",
    data: { committed, remote: "origin" },
    exitCode: exitCode.ok,
  };
}
