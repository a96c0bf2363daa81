import { exitCode } from "../error/exit-code.ts";
import { isMlgitError } from "../error/mlgit-error.ts";
import { uninstallFilter } from "../git/filter-config.ts";
import { unsetConfig } from "../git/git-config.ts";
import { removeHooksSync } from "../git/hook-install.ts";
import { findHookFolder, type HookReport } from "../git/hook-state.ts";
import { gitText } from "../git/run.ts";
import { counted } from "../util/counted.ts";
import type { Command, Context } from "./command.ts";
import { scopeFile, scopeOptions } from "./config-scope.ts";

export const command: Command = {
  options: [
    ...scopeOptions,
    { flags: "--skip-hooks", description: "leave the hooks of this repository" },
    { flags: "--force", description: "remove values that are not mlgit's as well" },
  ],
  async run(context, _args, options) {
    const file = await scopeFile(context, options);
    const { removed, left } = await uninstallFilter(file, options.force === true);
    await unsetConfig(file, "mlgit.hooks");
    const elsewhere = await gitText(["config", "--show-scope", "--get", "filter.mlgit.process"], { cwd: context.cwd });
    // While the filter works here, the hooks are what sends data before refs.
    const keepHooks = options.skipHooks === true || elsewhere !== undefined;
    const hooks = keepHooks ? [] : await removeHere(context);
    const removedHooks = hooks.filter(({ state }) => state === "ours" || state === "outdated");
    const own = hooks.filter(({ state }) => state === "manual" || state === "nested");
    const lines = [
      `filter ${removed ? "removed from" : "was not in"} git's ${file.scope} configuration`,
      ...(removedHooks.length > 0 ? [`${counted(removedHooks.length, "hook")} removed from this repository`] : []),
      ...removedHooks.filter(({ chained }) => chained).map(({ name }) => `your ${name} hook has its name back`),
      ...own.map(({ path }) => `not touched, since it is not ours: ${path}`),
      ...left.map(({ key, value }) => `not touched, since it is not ours: ${key} = ${value} (--force removes it)`),
      ...(elsewhere && left.length === 0 ? [stillSet(elsewhere)] : []),
    ];
    const complete = left.length === 0 && own.length === 0;
    return {
      text: lines.join("\n"),
      data: { scope: file.scope, removed, left, hooks: removedHooks, stillSet: elsewhere?.split("\t")[0] },
      exitCode: complete ? exitCode.ok : exitCode.incomplete,
    };
  },
};

function stillSet(scopeAndValue: string): string {
  const scope = scopeAndValue.split("\t")[0];
  return `the filter is still set in git's ${scope} configuration, so hooks stay: git mlgit uninstall --${scope}`;
}

async function removeHere(context: Context): Promise<HookReport[]> {
  try {
    return removeHooksSync(await findHookFolder(await context.repository()));
  } catch (error) {
    if (isMlgitError(error) && error.kind === "setup") return [];
    throw error;
  }
}
