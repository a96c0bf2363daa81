import { basename, resolve } from "node:path";
import { kinds } from "../entity/kind.ts";
import { exitCode } from "../error/exit-code.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { filterConfig } from "../git/filter-config.ts";
import { passThrough, passThroughIn } from "../git/pass-through.ts";
import { fetchRegistry } from "../git/registry.ts";
import type { Command, Context } from "./command.ts";
import { contextIn } from "./context-in.ts";
import { gitSettingsIn } from "./git-settings-in.ts";
import { command as setUp } from "./init.ts";
import { loadSettings } from "./load-settings.ts";
import { registryRemote } from "./repository/registry.ts";

/** `git clone`, and everything that has to be set up in a clone. */
export const command: Command = {
  arguments: [
    { name: "<url>", description: "the project's git repository" },
    { name: "[directory]", description: "default: as git chooses it" },
  ],
  options: [{ flags: "--untracked", description: "keep no connection to the repository that was cloned" }],
  async run(context, [url = "", directory], options) {
    const folder = resolve(context.cwd, directory ?? folderOf(url));
    const git = await gitSettingsIn(context.cwd);
    const filter = Object.entries(filterConfig)
      .filter(([key, value]) => git.get(key) !== value)
      .flatMap(([key, value]) => ["-c", `${key}=${value}`]);
    await passThroughIn(context.cwd, ["clone", ...filter, "--", url, folder]);
    const inside = contextIn(context, folder);
    await setUp.run(inside, [], {});
    const remotes = await addRegistries(inside);
    if (options.untracked === true) await passThrough(await inside.repository(), ["remote", "remove", "origin"]);
    const untrusted = await untrustedStores(inside);
    const lines = [
      `${folder} is ready`,
      ...untrusted.map((name) => `before data of the store ${name} can be had: git mlgit store trust ${name}`),
    ];
    return { text: lines.join("\n"), data: { folder, remotes, untrusted }, exitCode: exitCode.ok };
  },
};

/** As git does: the last part of the path, without `.git`. */
function folderOf(url: string): string {
  const name = basename(url.replace(/[/\\]+$/, "").replace(/\/\.git$/, "")).replace(/\.(git|bundle)$/, "");
  const plain = name.slice(name.lastIndexOf(":") + 1);
  if (plain !== "" && plain !== "." && plain !== "..") return plain;
  throw new MlgitError("usage", `${url} gives no name for a folder`, { hint: "git mlgit clone <url> <directory>" });
}

/** Versions are where the project's file says, and whoever clones it this way asks for them. */
async function addRegistries(context: Context): Promise<string[]> {
  const remotes: string[] = [];
  for (const kind of kinds()) {
    const name = await registryRemote(context, kind);
    if (name === undefined) continue;
    remotes.push(name);
    await fetchRegistry(await context.repository(), name);
  }
  return remotes;
}

async function untrustedStores(context: Context): Promise<string[]> {
  const { settings } = await loadSettings(await context.repository());
  return [...settings.stores.values()].flatMap(({ name, risk }) => (risk === undefined ? [] : [name]));
}
