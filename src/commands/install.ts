import { exitCode } from "../error/exit-code.ts";
import { isMlgitError } from "../error/mlgit-error.ts";
import { installFilter } from "../git/filter-config.ts";
import { setConfig, unsetConfig } from "../git/git-config.ts";
import { installHooks } from "../git/hook-install.ts";
import type { HookReport } from "../git/hook-state.ts";
import type { Command, Context } from "./command.ts";
import { scopeFile, scopeOptions } from "./config-scope.ts";
import { areInPlace, describeHooks } from "./hook-report.ts";

export const command: Command = {
  options: [
    ...scopeOptions,
    { flags: "--skip-hooks", description: "install no hooks, now or later" },
    { flags: "--force", description: "replace values that are not mlgit's" },
  ],
  async run(context, _args, options) {
    const file = await scopeFile(context, options);
    const skipHooks = options.skipHooks === true;
    const changed = await installFilter(file, options.force === true);
    if (skipHooks) await setConfig(file, "mlgit.hooks", "false");
    else await unsetConfig(file, "mlgit.hooks");
    const hooks = skipHooks ? [] : await installHere(context);
    const lines = [
      `filter ${changed ? "set" : "was set already"} in git's ${file.scope} configuration`,
      ...(hooks.length > 0 && areInPlace(hooks) ? ["hooks are in place in this repository"] : []),
      ...describeHooks(hooks),
    ];
    return {
      text: lines.join("\n"),
      data: { scope: file.scope, changed, hooks },
      exitCode: areInPlace(hooks) ? exitCode.ok : exitCode.incomplete,
    };
  },
};

/** A repository is not needed: in all others the filter installs the hooks when it first runs. */
async function installHere(context: Context): Promise<readonly HookReport[]> {
  try {
    return await installHooks(await context.repository());
  } catch (error) {
    if (isMlgitError(error) && error.kind === "setup") return [];
    throw error;
  }
}
