import { join } from "node:path";
import { exitCode } from "../error/exit-code.ts";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import { trackedPatterns } from "../git/attribute-edit.ts";
import { readAttributes } from "../git/attribute-file.ts";
import { filterConfig, installFilter } from "../git/filter-config.ts";
import { installHooks } from "../git/hook-install.ts";
import type { Repository } from "../git/repository.ts";
import type { Command, Context } from "./command.ts";
import { ensureSetting } from "./ensure-setting.ts";
import { loadGitSettings } from "./git-settings-in.ts";
import { areInPlace, describeHooks } from "./hook-report.ts";
import { loadSettings, resolveStore } from "./load-settings.ts";
import { prepareManyFiles } from "./many-files.ts";

export const command = {
  options: [
    { flags: "--skip-hooks", description: "install no hooks" },
    { flags: "--force", description: "replace a filter configuration that is not mlgit's" },
  ],
  async run(context, _args, options) {
    const repository = await context.repository();
    const filter = await ensureFilter(context, options.force === true);
    const hooks = options.skipHooks === true ? [] : await installHooks(repository);
    const followTags = await ensureSetting(repository, "push.followTags");
    const { manyFiles, indexVersion, lines: manyFilesLines } = await prepareManyFiles(repository);
    const store = await storeLine(repository);
    const lines = [
      filter ? "filter set in this repository's configuration" : "filter was set already",
      ...(options.skipHooks === true ? ["no hooks installed: a push would not send data"] : []),
      ...(hooks.length > 0 && areInPlace(hooks) ? ["hooks are in place"] : []),
      ...describeHooks(hooks),
      ...(followTags ? ["push.followTags set, so that version tags travel with their commits"] : []),
      ...manyFilesLines,
      store.text,
      ...nextSteps(repository),
    ];
    return {
      text: lines.join("\n"),
      data: { filter, hooks, followTags, manyFiles, indexVersion, store: store.data },
      exitCode: areInPlace(hooks) ? exitCode.ok : exitCode.incomplete,
    };
  },
} satisfies Command;

/** Sets the filter here unless it is in effect already, from whatever scope. True if it was set. */
async function ensureFilter(context: Context, force: boolean): Promise<boolean> {
  const git = await loadGitSettings(await context.repository());
  if (Object.entries(filterConfig).every(([key, value]) => git.get(key) === value)) return false;
  const process = git.get("filter.mlgit.process");
  if (process !== undefined && process !== filterConfig["filter.mlgit.process"] && !force)
    throw new MlgitError("conflict", `git is configured with filter.mlgit.process = ${process}`, {
      hint: "to use mlgit's own here: git mlgit init --force",
    });
  await installFilter({ scope: "local", cwd: context.cwd }, force);
  return true;
}

/** A repository without a remote is fine for now: the store is needed only by the first push. */
async function storeLine(repository: Repository): Promise<{ text: string; data: unknown }> {
  try {
    const store = await resolveStore(repository, await loadSettings(repository), { direction: "push" });
    const why = store.source === "remote" ? `follows the remote ${store.name}` : `store ${store.name}`;
    return {
      text: `data goes to ${store.url} (${why})`,
      data: { name: store.name, url: store.url, source: store.source },
    };
  } catch (error) {
    if (!isMlgitError(error)) throw error;
    return { text: `no store yet: ${error.message}${error.hint ? `\n  ${error.hint}` : ""}`, data: null };
  }
}

function nextSteps({ workTree }: Repository): string[] {
  if (workTree === undefined || trackedPatterns(readAttributes(join(workTree, ".gitattributes"))).length > 0) return [];
  return ["next: git mlgit track '*.bin' (or a folder), then git add, commit and push as always"];
}
